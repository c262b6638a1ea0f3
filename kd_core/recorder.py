"""Recorder: puts a run's events into the store, at most four times a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

from kd_core.errors import NumbersBroke
from kd_core.events import Diverged, EpochDone, Event, Finished, Started, StepDone
from kd_core.store import EpochRow, PointRow, Store, told

WRITE_SECONDS = 0.25
CHECKPOINT_SECONDS = 2.0


class Recorder:
    """One run's way into the store.

    Args:
        store: where to write.
        run: the run's id.
        epochs: how many there will be.
        patience: of early stopping; then the logits of every epoch stay, because any may be the one to report.
        only_ends: keep the logits of the last epoch and of the best on validation alone, as for cells of a sweep.
    """

    def __init__(
        self, store: Store, run: str, epochs: int, patience: int | None = None, only_ends: bool = False
    ) -> None:
        self.store, self.run, self.epochs = store, run, epochs
        self.only_ends = only_ends
        self.best_marks, self.best = (-1.0, 0.0), -1
        for row in store.runs.epochs([run]) if only_ends else ():
            self._remember_best(row)
        self.kept = set(range(epochs)) if patience else kept_epochs(epochs)
        self.seconds = store.runs.get(run).seconds
        self.checkpoint_seconds = float(store.fact("checkpoint_seconds", CHECKPOINT_SECONDS))
        self.steps_per_epoch = 1
        self.points: list[PointRow] = []
        self.rows: list[EpochRow] = []
        self.progress: dict[str, Any] = {}
        self.written_at = self.checkpointed_at = time.monotonic()

    def note(self, event: Event) -> None:
        """Take one event; what is due is written now."""
        if isinstance(event, Started):
            self.steps_per_epoch = event.steps_per_epoch
            self.progress |= {"steps": event.epochs * event.steps_per_epoch}
        elif isinstance(event, StepDone):
            self.points.append(PointRow(self.run, event.step, event.step / self.steps_per_epoch, dict(event.terms)))
            self.progress |= {"step": event.step}
        elif isinstance(event, EpochDone):
            self._epoch(event)
        elif isinstance(event, Diverged):
            error = NumbersBroke(step=event.step, term=event.term, value=event.value)
            self._end("diverged", {"error": told(error)})
        elif isinstance(event, Finished):
            self.store.files.save_weights(self.run, arrays(event.weights))
            self._end("done", {"reported_epoch": event.epoch})
            self.store.files.drop_checkpoint(self.run)
        if time.monotonic() - self.written_at >= WRITE_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected, in one transaction."""
        if self.progress or self.points or self.rows:
            self.store.runs.record(self.run, self.progress, self.points, self.rows)
        self.progress, self.points, self.rows, self.written_at = {}, [], [], time.monotonic()

    def leave(self, event: Event) -> None:
        """Write what there is before the run is left; at the end of an epoch that is a checkpoint too."""
        self.flush()
        if isinstance(event, EpochDone):
            self.store.files.save_checkpoint(self.run, arrays(event.snapshot()))

    def _epoch(self, event: EpochDone) -> None:
        self.seconds += event.seconds
        marks = {part: asdict(scores) for part, scores in event.scores.items()}
        row = EpochRow(self.run, event.epoch, event.loss, dict(event.terms), dict(event.applied), marks, event.seconds)
        self.rows.append(row)
        done = event.epoch + 1
        self.progress |= {"epoch": done, "step": done * self.steps_per_epoch, "seconds": self.seconds}
        if event.epoch in self.kept or self.only_ends:
            self.store.files.save_logits(self.run, event.epoch, arrays(event.logits))
        if self.only_ends:
            self._remember_best(row)
            for epoch in set(self.store.files.kept_epochs(self.run)) - {event.epoch, self.best}:
                self.store.files.drop_logits(self.run, epoch)
        if event.epoch == 0:
            self.flush()  # a person who pressed Start sees the first epoch when it is there
        self._checkpoint(event.snapshot)

    def _remember_best(self, row: EpochRow) -> None:
        """Rank epochs as early stopping does: validation accuracy, ties by lower NLL."""
        marks = (row.scores["validation"]["accuracy"] or 0.0, -(row.scores["validation"]["nll"] or 0.0))
        if marks > self.best_marks:
            self.best_marks, self.best = marks, row.epoch

    def _checkpoint(self, snapshot: Callable[[], dict[str, Tensor]]) -> None:
        if time.monotonic() - self.checkpointed_at >= self.checkpoint_seconds:
            self.flush()  # a checkpoint never runs ahead of the curves
            self.store.files.save_checkpoint(self.run, arrays(snapshot()))
            self.checkpointed_at = time.monotonic()

    def _end(self, status: str, values: Mapping[str, Any]) -> None:
        self.flush()
        self.store.runs.update(self.run, status=status, finished=time.time(), **values)


def kept_epochs(epochs: int, most: int = 60) -> set[int]:
    """Return the epochs whose logits are kept: all up to ``most``, else about ``most`` log-spaced ones and the last."""
    if epochs <= most:
        return set(range(epochs))
    points = most
    while True:  # early points fall on the same epoch, so a few more are asked for
        ratio = epochs ** (1 / (points - 1))
        kept = {round(ratio**i) - 1 for i in range(points)} | {epochs - 1}
        if len(kept) >= min(most, epochs):
            return kept
        points += 1


def arrays(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return NumPy arrays of tensors on the CPU."""
    return {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}
