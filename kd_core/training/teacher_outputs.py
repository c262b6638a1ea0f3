"""Cached teacher outputs: what a teacher says about the training images, asked once where that will do."""

from __future__ import annotations

from kd_core.compute import PLAIN, StepPlan
from kd_core.datasets import Split
from kd_core.networks import Network
from kd_core.outputs import Outputs
from kd_core.recipe import Recipe
from kd_core.training.predict import predict_outputs


def can_cache_teacher(recipe: Recipe) -> bool:
    """Tell whether a student sees the same images every epoch and its method wants logits only."""
    return recipe.method.needs_teacher and recipe.data.augmentation == "none" and not recipe.method.needs


def cache_teacher_outputs(
    recipe: Recipe, train: Split, teacher: Network | None, plan: StepPlan = PLAIN
) -> Outputs | None:
    """Return a teacher's outputs on all training images, (N, ...); None where it must answer live, or is not there."""
    if teacher is None or not can_cache_teacher(recipe):
        return None
    return predict_outputs(teacher, train, plan=plan)
