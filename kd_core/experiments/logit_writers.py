"""Logit writers: which logits of a loop are kept, and where: in a run's own files, or in files that lanes share."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from kd_core.store import NOWHERE, Arrays, EpochRow, Store, half
from kd_core.training import EarlyStopping

LAST_SECONDS = 0.25
"""The last epoch of lanes is written this often; what came between is not missed by anybody."""


class LogitWriter(Protocol):
    """Where the logits and checkpoints of one loop go."""

    def remember(self, rows: Sequence[EpochRow]) -> None:
        """Take epochs that were told, to know which was the best on validation."""

    def logits(self, epoch: int, lanes: Sequence[int], logits: Arrays) -> None:
        """Take (L, N, K) logits by split after an epoch in which ``lanes`` took part."""

    def checkpoint(self, tensors: Arrays) -> None:
        """Keep what is needed to go on."""

    def suspend(self) -> None:
        """Write what is still in hand before the runs are left."""

    def close(self) -> None:
        """Write what is still in hand and forget the checkpoint: all runs have come to their end."""


class RunLogitWriter:
    """A single run's files.

    Args:
        store: where they are.
        run: its id.
        kept: the epochs to keep; None for the last and the best on validation alone, as for cells of a sweep.
    """

    def __init__(self, store: Store, run: str, kept: set[int] | None) -> None:
        self.files, self.run, self.kept, self.best = store.files, run, kept, EarlyStopping(patience=None)

    def remember(self, rows: Sequence[EpochRow]) -> None:
        """Take epochs that were told."""
        for row in rows:
            self.best.improves(0, row.epoch, *_validation(row))

    def logits(self, epoch: int, lanes: Sequence[int], logits: Arrays) -> None:
        """Keep an epoch's logits, if it is one to keep."""
        if self.kept is None or epoch in self.kept:
            self.files.save_logits(self.run, epoch, {split: values[0] for split, values in logits.items()})
        if self.kept is None:
            for old in set(self.files.kept_epochs(self.run)) - {epoch, self.best.best_epoch[0]}:
                self.files.drop_logits(self.run, old)

    def checkpoint(self, tensors: Arrays) -> None:
        """Keep what is needed to go on."""
        self.files.save_checkpoint(self.run, tensors)

    def suspend(self) -> None:
        """Nothing is in hand."""

    def close(self) -> None:
        """Forget the checkpoint."""
        self.files.drop_checkpoint(self.run)


class LaneLogitWriter:
    """The files that lanes of one loop share.

    Args:
        store: where they are.
        group: the id of the lane group.
        runs: by lane.
        kept: the epochs to keep; None for each lane's last and best on validation alone.
    """

    def __init__(self, store: Store, group: str, runs: Sequence[str], kept: set[int] | None) -> None:
        self.files, self.group, self.runs, self.kept = store.files.lanes, group, runs, kept
        self.lane_of = {run: lane for lane, run in enumerate(runs)}
        self.ranks = EarlyStopping(patience=None, lanes=len(runs))
        self.last: tuple[list[int], Arrays] | None = None
        self.best: dict[str, NDArray[np.float16]] = {}
        self.best_epochs = [NOWHERE] * len(runs)
        self.written_at = -LAST_SECONDS
        if kept is None and (stored := self.files.best(group)):
            self.best_epochs = [int(epoch) for epoch in stored.pop("epoch")]
            self.best = stored

    def remember(self, rows: Sequence[EpochRow]) -> None:
        """Take epochs that were told."""
        for row in rows:
            self.ranks.improves(self.lane_of[row.run], row.epoch, *_validation(row))

    def logits(self, epoch: int, lanes: Sequence[int], logits: Arrays) -> None:
        """Keep an epoch's logits, if it is one to keep."""
        if self.kept is not None:
            if epoch in self.kept:
                self.files.save_logits(self.group, f"{epoch:05d}", self._epochs(epoch, lanes), logits)
            return
        self._improve(epoch, lanes, logits)
        self.last = (self._merged(epoch, lanes), self._with_ended(lanes, logits))
        if time.monotonic() - self.written_at >= LAST_SECONDS:
            self._write_last()

    def checkpoint(self, tensors: Arrays) -> None:
        """Keep what is needed to go on, with the best logits that belong to it."""
        self._write_best()
        self.files.save_checkpoint(self.group, tensors)

    def suspend(self) -> None:
        """Write what is still in hand."""
        if self.kept is None:
            self._write_last()
            self._write_best()

    def close(self) -> None:
        """Write what is still in hand and forget the checkpoint."""
        self.suspend()
        self.files.drop_checkpoint(self.group)

    def _epochs(self, epoch: int, lanes: Sequence[int]) -> list[int]:
        present = set(lanes)
        return [epoch if lane in present else NOWHERE for lane in range(len(self.runs))]

    def _merged(self, epoch: int, lanes: Sequence[int]) -> list[int]:
        """Return each lane's last epoch: one that ended earlier stays where it was."""
        before = self.last[0] if self.last else [NOWHERE] * len(self.runs)
        return [now if now != NOWHERE else old for now, old in zip(self._epochs(epoch, lanes), before, strict=True)]

    def _with_ended(self, lanes: Sequence[int], logits: Arrays) -> Arrays:
        if self.last is None or len(lanes) == len(self.runs):
            return logits
        ended = [lane for lane in range(len(self.runs)) if lane not in set(lanes)]
        merged = {split: values.copy() for split, values in logits.items()}
        for split, values in merged.items():
            values[ended] = self.last[1][split][ended]
        return merged

    def _improve(self, epoch: int, lanes: Sequence[int], logits: Arrays) -> None:
        improved = [lane for lane in lanes if self.ranks.best_epoch[lane] == epoch]
        for split, values in logits.items():
            if split not in self.best:
                self.best[split] = np.zeros(values.shape, np.float16)
            self.best[split][improved] = half(values[improved])
        for lane in improved:
            self.best_epochs[lane] = epoch

    def _write_last(self) -> None:
        if self.last is not None:
            self.files.save_logits(self.group, "last", *self.last)
            self.written_at = time.monotonic()

    def _write_best(self) -> None:
        if self.best:
            self.files.save_logits(self.group, "best", self.best_epochs, self.best)


def epochs_to_keep(epochs: int, most: int = 60) -> set[int]:
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


def _validation(row: EpochRow) -> tuple[float, float]:
    """Return an epoch's accuracy and NLL on validation."""
    scores = row.scores["validation"]
    return scores["accuracy"] or 0.0, scores["nll"] or 0.0


def arrays(tensors: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    """Return NumPy arrays of tensors on the CPU."""
    return {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}
