"""Early stopping: the best epoch on validation, lane by lane, and who has waited too long for a better one."""

from __future__ import annotations

from collections.abc import Sequence

from kd_core.functional import Scores

WORST = (-1.0, 0.0)


class EarlyStopping:
    """The best epoch of every lane, ranked by validation accuracy, ties by lower NLL.

    Args:
        patience: epochs without a better one after which a lane stops; None never stops and still knows the best.
        lanes: how many networks are trained at once.

    Attributes:
        best_epoch: by lane, 0-based; -1 before the first.
        best_score: by lane, accuracy and negative NLL of that epoch.
    """

    def __init__(self, patience: int | None, lanes: int = 1) -> None:
        self.patience = patience
        self.best_epoch = [-1] * lanes
        self.best_score = [WORST] * lanes

    def update(self, epoch: int, scores: Sequence[Scores], active: Sequence[bool]) -> list[int]:
        """Take an epoch's validation scores by lane; return the active lanes that were never better."""
        improved = []
        for lane, score in enumerate(scores):
            if active[lane] and self.improves(lane, epoch, score.accuracy, score.nll):
                improved.append(lane)
        return improved

    def improves(self, lane: int, epoch: int, accuracy: float, nll: float) -> bool:
        """Take one lane's epoch; tell whether it is the best so far."""
        score = (accuracy, -nll)
        if score <= self.best_score[lane]:
            return False
        self.best_epoch[lane], self.best_score[lane] = epoch, score
        return True

    def is_over(self, lane: int, epoch: int) -> bool:
        """Tell whether a lane's patience has run out at the end of ``epoch`` (0-based)."""
        return self.patience is not None and epoch - self.best_epoch[lane] >= self.patience
