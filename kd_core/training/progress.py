"""Progress: what a loop counts beside its tensors, for one network or for many lanes, and how a checkpoint holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from kd_core.functional import Scores
from kd_core.training.early_stopping import EarlyStopping


class Progress:
    """How far every lane of a loop is.

    Args:
        patience: of early stopping; None without.
        lanes: how many networks are trained at once.

    Attributes:
        epoch: the next one, 0-based.
        active: by lane, whether it still learns.
        diverged: by lane, whether it went because its numbers broke.
        val_accuracy: by lane, validation accuracy after every epoch so far.
    """

    def __init__(self, patience: int | None, lanes: int = 1) -> None:
        self.epoch = 0
        self.active, self.diverged = [True] * lanes, [False] * lanes
        self.val_accuracy: list[list[float]] = [[] for _ in range(lanes)]
        self.early_stopping = EarlyStopping(patience, lanes)

    def end_epoch(self, epoch: int, scores: Sequence[Scores]) -> list[int]:
        """Count an epoch and let go who has no patience left; return the lanes that were never better."""
        self.epoch = epoch + 1
        for accuracies, score in zip(self.val_accuracy, scores, strict=True):
            accuracies.append(score.accuracy)
        improved = self.early_stopping.update(epoch, scores, self.active)
        self._stop_lanes()
        return improved

    def _stop_lanes(self) -> None:
        for lane in range(len(self.active)):
            self.active[lane] = self.active[lane] and not self.early_stopping.is_over(lane, self.epoch - 1)

    def state_dict(self) -> dict[str, Tensor]:
        """Return ``progress``, a row a lane, and ``marks``, validation accuracy (L, E)."""
        best = self.early_stopping
        columns = (self.active, self.diverged, best.best_epoch, *zip(*best.best_score, strict=True))
        rows = [[self.epoch, *row] for row in zip(*columns, strict=True)]
        accuracies = torch.tensor(self.val_accuracy, dtype=torch.float64)
        return {"progress": torch.tensor(rows, dtype=torch.float64), "marks": accuracies}

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from ``state_dict``, or from what version 0.3 kept of a single network: one row, and (E,)."""
        rows = tensors["progress"]
        if rows.dim() == 1:
            epoch, best_epoch, accuracy, nll = rows.tolist()
            rows = torch.tensor([[epoch, 1, 0, best_epoch, accuracy, nll]])
        epochs, active, diverged, best, accuracies, nlls = rows.T.tolist()
        self.epoch = int(epochs[0])
        self.active, self.diverged = [bool(value) for value in active], [bool(value) for value in diverged]
        self.early_stopping.best_epoch = [int(value) for value in best]
        self.early_stopping.best_score = list(zip(accuracies, nlls, strict=True))
        kept = tensors.get("marks", torch.zeros(len(active), 0))
        self.val_accuracy = kept.reshape(len(active), -1).tolist()
        self._stop_lanes()


def epoch_of(checkpoint: Mapping[str, Tensor]) -> int:
    """Return the epoch at which a checkpoint of any trainer goes on: the first number of its ``progress``."""
    return int(checkpoint["progress"].flatten()[0])
