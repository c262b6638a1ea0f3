"""Estimate: how long a study will take here, from what the store has seen or from a network's arithmetic."""

from __future__ import annotations

import json
from functools import cache

from kd_core.cost import macs
from kd_core.networks import Architecture
from kd_core.recipe import Recipe, Study
from kd_core.settings import Settings, name_of
from kd_core.store import RunRow, Store

STEP_SECONDS = 0.0006
"""One step of a network so small that only the calls count, on a 2-core server of 2026."""
MACS_PER_SECOND = 20e9
"""Multiply-accumulates a second in training on the same machine, one thread."""
SHAPES = {"digits": (1, 8, 8), "mnist": (1, 28, 28), "fashion_mnist": (1, 28, 28), "cifar10": (3, 32, 32)}
IMAGES = {"digits": 1047, "mnist": 54_000, "fashion_mnist": 54_000, "cifar10": 45_000}


def estimated_seconds(store: Store, study: Study, fresh: bool = False) -> float:
    """Return about how many seconds the members take that are not trained yet, or all students if ``fresh``."""
    known = {
        _kind(Recipe.checked(run.recipe)): _seconds_per_step(run)
        for run in reversed(store.runs.list(limit=200))
        if run.step
    }
    total, counted = 0.0, set()
    for member in study.members:
        fingerprint = member.recipe.fingerprint()
        again = fresh and member.arm != "teacher"
        if fingerprint in counted or (not again and store.runs.finished(fingerprint)):
            continue
        counted.add(fingerprint)
        recipe = member.recipe
        per_step = known.get(_kind(recipe)) or _guess(recipe)
        total += per_step * recipe.optim.epochs * -(-training_images(recipe) // recipe.optim.batch)
    return total


def training_images(recipe: Recipe) -> int:
    """Return about how many images an epoch has."""
    everything = IMAGES.get(name_of(recipe.data.source), 10_000)
    if recipe.data.labelled is None or recipe.data.unlabelled == "keep":
        return everything
    return min(everything, recipe.data.labelled)


def _kind(recipe: Recipe) -> str:
    parts = (recipe.student, recipe.data.source, recipe.optim.batch, recipe.optim.algorithm, recipe.data.augmentation)
    return json.dumps([part.to_json() if isinstance(part, Settings) else part for part in parts])


def _seconds_per_step(run: RunRow) -> float:
    return run.seconds / run.step


def _guess(recipe: Recipe) -> float:
    shape = SHAPES.get(name_of(recipe.data.source), (3, 32, 32))
    return STEP_SECONDS + 3 * recipe.optim.batch * _macs(recipe.student, shape) / MACS_PER_SECOND


@cache
def _macs(architecture: Architecture, shape: tuple[int, int, int]) -> int:
    return macs(architecture.build(shape, 10), shape)
