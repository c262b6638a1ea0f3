"""What a teacher says about a student's splits, asked once where that will do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from kd_core.datasets import Splits
from kd_core.networks import Network
from kd_core.outputs import Outputs
from kd_core.recipe import Recipe
from kd_core.training.evaluator import judged
from kd_core.training.predict import predict_logits, predict_outputs


@dataclass(frozen=True)
class TeacherOutputs:
    """What a teacher said about a student's splits.

    Args:
        train: what it says by image, on the training device; None where it must answer live.
        judged: by part, (N, K) logits about validation and test, on the CPU.
    """

    train: Outputs | None
    judged: Mapping[str, Tensor]


def cache_teacher_outputs(recipe: Recipe, splits: Splits, teacher: Network) -> TeacherOutputs:
    """Ask a teacher once about everything that stays as it is."""
    train = predict_outputs(teacher, splits.train) if can_cache_teacher(recipe) else None
    return TeacherOutputs(train, {part: predict_logits(teacher, split).cpu() for part, split in judged(splits).items()})


def can_cache_teacher(recipe: Recipe) -> bool:
    """Tell whether a student sees the same images every epoch and its method wants logits only."""
    return recipe.method.needs_teacher and recipe.data.augmentation == "none" and not recipe.method.needs
