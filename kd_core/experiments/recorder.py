"""Recorder: puts the events of one loop into the store, at most four times a second."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from kd_core.errors import NumbersBroke
from kd_core.events import Diverged, EpochDone, Event, Finished, Logged, Started, StepDone, Together
from kd_core.experiments.logit_writers import LogitWriter, arrays
from kd_core.store import EpochRow, NoteRow, PointRow, Store, error_json

WRITE_SECONDS = 0.25
CHECKPOINT_SECONDS = 2.0


class Recorder:
    """The way of one loop's runs into the store.

    Args:
        store: where to write.
        runs: their ids, by lane.
        keeper: what keeps their logits and checkpoints.
        with_points: also keep the loss between epochs; cells of a sweep do without.
    """

    def __init__(self, store: Store, runs: Sequence[str], keeper: LogitWriter, with_points: bool = True) -> None:
        self.store, self.runs, self.keeper, self.with_points = store, runs, keeper, with_points
        known = {row.id: row for row in store.runs.list(runs)}
        self.seconds = [known[run].seconds for run in runs]
        keeper.remember(store.runs.epochs(runs))
        self.checkpoint_seconds = float(store.fact("checkpoint_seconds", CHECKPOINT_SECONDS))
        self.steps_per_epoch = 1
        self.points: list[PointRow] = []
        self.rows: list[EpochRow] = []
        self.notes: list[NoteRow] = []
        self.progress: dict[str, dict[str, Any]] = {}
        self.written_at = self.checkpointed_at = time.monotonic()

    def note(self, event: Event, lane: int = 0) -> None:
        """Take one event of a lane; what is due is written now."""
        run = self.runs[lane]
        if isinstance(event, Started):
            self.steps_per_epoch = event.steps_per_epoch
            self._progress(run, steps=event.epochs * event.steps_per_epoch)
        elif isinstance(event, StepDone):
            self._progress(run, step=event.step)
            if self.with_points:
                self.points.append(PointRow(run, event.step, event.step / self.steps_per_epoch, dict(event.terms)))
        elif isinstance(event, EpochDone):
            self._epoch(event, lane)
        elif isinstance(event, Together):
            self._together(event)
        elif isinstance(event, Logged):
            self._noted(event, run)
        elif isinstance(event, Diverged):
            error = NumbersBroke(step=event.step, term=event.term, value=event.value)
            self._end(run, "diverged", {"error": error_json(error)})
        elif isinstance(event, Finished):
            self.store.files.save_weights(run, arrays(event.weights))
            self._end(run, "done", {"reported_epoch": event.epoch})
        if time.monotonic() - self.written_at >= WRITE_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected, in one transaction."""
        if self.progress or self.points or self.rows or self.notes:
            self.store.runs.record(self.progress, self.points, self.rows, self.notes)
        self.progress, self.points, self.rows, self.notes = {}, [], [], []
        self.written_at = time.monotonic()

    def close(self) -> None:
        """Write everything; all runs have come to their end."""
        self.keeper.close()
        self.flush()

    def leave(self, event: Event) -> None:
        """Write what there is before the runs are left; at the end of an epoch that is a checkpoint too."""
        self.flush()
        self.keeper.leave()
        if isinstance(event, Together):
            self.keeper.checkpoint(arrays(event.snapshot()))

    def _epoch(self, event: EpochDone, lane: int) -> None:
        run = self.runs[lane]
        self.seconds[lane] += event.seconds
        marks = {part: asdict(scores) for part, scores in event.scores.items()}
        error_json, applied, shares = dict(event.terms), dict(event.applied), dict(event.shares)
        row = EpochRow(run, event.epoch, event.loss, error_json, applied, marks, event.seconds, shares)
        self.rows.append(row)
        self.keeper.remember([row])
        done = event.epoch + 1
        self._progress(run, epoch=done, step=done * self.steps_per_epoch, seconds=self.seconds[lane])

    def _together(self, event: Together) -> None:
        self.keeper.logits(event.epoch, event.lanes, arrays(event.logits))
        if event.epoch == 0:
            self.flush()  # a person who pressed Start sees the first epoch when it is there
        if time.monotonic() - self.checkpointed_at >= self.checkpoint_seconds:
            self.flush()  # a checkpoint never runs ahead of the curves
            self.keeper.checkpoint(arrays(event.snapshot()))
            self.checkpointed_at = time.monotonic()

    def _noted(self, event: Logged, run: str) -> None:
        self.notes.append(NoteRow(run, event.subject, event.epoch, dict(event.facts)))
        if event.arrays:
            self.store.files.save_note(run, event.subject, event.epoch, arrays(event.arrays))

    def _progress(self, run: str, **values: Any) -> None:
        self.progress.setdefault(run, {}).update(values)

    def _end(self, run: str, status: str, values: Mapping[str, Any]) -> None:
        """Note a run's end; it is written with the last epochs, in the same transaction."""
        self._progress(run, status=status, finished=time.time(), **values)
