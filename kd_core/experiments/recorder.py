"""Recorder: puts the events of one loop into the store, at most four times a second."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from kd_core.errors import NumbersBroke
from kd_core.events import Diverged, EpochEnd, Event, Finished, LaneEpoch, Logged, Started, StepDone
from kd_core.experiments.logit_writers import LogitWriter, arrays
from kd_core.store import EpochRow, NoteRow, PointRow, Store, error_json

WRITE_SECONDS = 0.25
CHECKPOINT_SECONDS = 2.0


class Recorder:
    """The way of one loop's runs into the store.

    Args:
        store: where to write.
        runs: their ids, by lane.
        writer: what keeps their logits and checkpoints.
        with_points: also keep the loss between epochs; cells of a sweep do without.
    """

    def __init__(self, store: Store, runs: Sequence[str], writer: LogitWriter, with_points: bool = True) -> None:
        self.store, self.runs, self.writer, self.with_points = store, runs, writer, with_points
        rows = {row.id: row for row in store.runs.list(runs)}
        self.seconds = [rows[run].seconds for run in runs]
        writer.remember(store.runs.epochs(runs))
        self.checkpoint_seconds = float(store.fact("checkpoint_seconds", CHECKPOINT_SECONDS))
        self.steps_per_epoch = 1
        self.points: list[PointRow] = []
        self.epochs: list[EpochRow] = []
        self.notes: list[NoteRow] = []
        self.progress: dict[str, dict[str, Any]] = {}
        self.written_at = self.checkpointed_at = time.monotonic()

    def handle(self, event: Event) -> None:
        """Take one event; what is due is written now."""
        if isinstance(event, Started):
            self.steps_per_epoch = event.steps_per_epoch
            for run in self.runs:
                self._update(run, steps=event.epochs * event.steps_per_epoch)
        elif isinstance(event, StepDone):
            self._step(event)
        elif isinstance(event, EpochEnd):
            self._epoch(event)
        elif isinstance(event, Logged):
            self._note(event)
        elif isinstance(event, Diverged):
            error = NumbersBroke(step=event.step, term=event.term, value=event.value)
            self._end(self.runs[event.lane], "diverged", {"error": error_json(error)})
        elif isinstance(event, Finished):
            self.store.files.save_weights(self.runs[event.lane], arrays(event.weights))
            self._end(self.runs[event.lane], "done", {"reported_epoch": event.epoch})
        if time.monotonic() - self.written_at >= WRITE_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected, in one transaction."""
        if self.progress or self.points or self.epochs or self.notes:
            self.store.runs.record(self.progress, self.points, self.epochs, self.notes)
        self.progress, self.points, self.epochs, self.notes = {}, [], [], []
        self.written_at = time.monotonic()

    def close(self) -> None:
        """Write everything; all runs have come to their end."""
        self.writer.close()
        self.flush()

    def suspend(self, event: Event) -> None:
        """Write what there is before the runs are left; at the end of an epoch that is a checkpoint too."""
        self.flush()
        self.writer.suspend()
        if isinstance(event, EpochEnd):
            self.writer.checkpoint(arrays(event.state_dict()))

    def _step(self, event: StepDone) -> None:
        for lane, losses in event.losses.items():
            self._update(self.runs[lane], step=event.step)
            if self.with_points:
                epochs = event.step / self.steps_per_epoch
                self.points.append(PointRow(self.runs[lane], event.step, epochs, dict(losses)))

    def _epoch(self, event: EpochEnd) -> None:
        rows = [self._epoch_row(event.epoch, lane, epoch) for lane, epoch in event.lanes.items()]
        self.epochs += rows
        self.writer.remember(rows)
        self.writer.logits(event.epoch, tuple(event.lanes), arrays(event.logits))
        if event.epoch == 0:
            self.flush()  # a person who pressed Start sees the first epoch when it is there
        if time.monotonic() - self.checkpointed_at >= self.checkpoint_seconds:
            self.flush()  # a checkpoint never runs ahead of the curves
            self.writer.checkpoint(arrays(event.state_dict()))
            self.checkpointed_at = time.monotonic()

    def _epoch_row(self, number: int, lane: int, epoch: LaneEpoch) -> EpochRow:
        run, done = self.runs[lane], number + 1
        self.seconds[lane] += epoch.seconds
        self._update(run, epoch=done, step=done * self.steps_per_epoch, seconds=self.seconds[lane])
        return EpochRow(
            run,
            number,
            epoch.loss,
            terms=dict(epoch.losses),
            applied=dict(epoch.schedule_values),
            scores={split: asdict(scores) for split, scores in epoch.scores.items()},
            seconds=epoch.seconds,
            shares=dict(epoch.gradient_shares),
        )

    def _note(self, event: Logged) -> None:
        """Keep what is told beside the curves; only loops of a single run tell such things."""
        run, subject = self.runs[0], event.note.stored_subject
        self.notes.append(NoteRow(run, subject, event.epoch, event.note.to_facts()))
        if event.arrays:
            self.store.files.save_note(run, subject, event.epoch, arrays(event.arrays))

    def _update(self, run: str, **values: Any) -> None:
        self.progress.setdefault(run, {}).update(values)

    def _end(self, run: str, status: str, values: Mapping[str, Any]) -> None:
        """Note a run's end; it is written with the last epochs, in the same transaction."""
        self._update(run, status=status, finished=time.time(), **values)
