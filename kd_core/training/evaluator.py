"""The evaluator: scores of every lane on validation and test."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from kd_core.datasets import Split, Splits
from kd_core.functional import Scores, scores_by_lane


def eval_splits(splits: Splits) -> dict[str, Split]:
    """Return the splits on which a network is evaluated after every epoch, by name."""
    return {"validation": splits.validation, "test": splits.test}


class Evaluator:
    """From logits to scores, by split and lane.

    Args:
        labels: by split, (N,), or (L, N) where lanes are evaluated on images of their own.
    """

    def __init__(self, labels: Mapping[str, Tensor]) -> None:
        self.labels = {name: values.cpu() for name, values in labels.items()}

    @classmethod
    def of(cls, splits: Splits) -> Evaluator:
        """Return the evaluator of networks that all see the same splits."""
        return cls({name: split.labels for name, split in eval_splits(splits).items()})

    def __call__(self, logits: Mapping[str, Tensor]) -> dict[str, list[Scores]]:
        """Return by split the scores of every lane, from logits (L, N, K)."""
        return {name: scores_by_lane(logits[name], labels) for name, labels in self.labels.items()}
