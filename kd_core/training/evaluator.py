"""The evaluator: metrics of every lane on validation and test."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from kd_core.datasets import Split, Splits
from kd_core.functional import Scores, scores_by_lane


class Evaluator:
    """Validation and test, and what the teacher says about them.

    Args:
        labels: by part, (N,), or (L, N) where lanes are judged on images of their own.
        teacher: by part, (T, N, K), each teacher's lanes one after another; empty without one.
    """

    def __init__(self, labels: Mapping[str, Tensor], teacher: Mapping[str, Tensor]) -> None:
        self.labels = {part: told.cpu() for part, told in labels.items()}
        self.teacher = teacher

    def scores(self, logits: Mapping[str, Tensor]) -> dict[str, list[Scores]]:
        """Return by part the scores of every lane."""
        return {part: scores_by_lane(logits[part], self.labels[part], self.teacher.get(part)) for part in self.labels}


def judged(splits: Splits) -> dict[str, Split]:
    """Return the splits on which a network is judged after every epoch."""
    return {"validation": splits.validation, "test": splits.test}
