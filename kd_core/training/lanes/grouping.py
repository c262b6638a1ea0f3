"""Lane groups: which recipes can be lanes of one loop, and how many at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from kd_core.recipe import Recipe
from kd_core.settings import lane_fields

MEMORY_BYTES = 3 * 2**30
"""What the lanes of one loop may take together."""
KEPT_COPIES = 5
"""Of every parameter: itself, its gradient, two moments, and the best so far."""

Grid = list[list[int]]
"""Positions of recipes by seed and setting."""


def why_solo(recipe: Recipe) -> str:
    """Return why a recipe cannot be a lane: "protocol", "network", "features", "copied", "given"; else nothing."""
    if recipe.given_weights is not None:
        return "given"
    if not recipe.protocol.can_be_lane:
        return "protocol"
    if not recipe.student.lanes:
        return "network"
    if recipe.method.needs:
        return "features"
    return "" if recipe.start == "scratch" else "copied"


def lane_key(recipe: Recipe) -> str:
    """Return a text that is equal for recipes that differ in seed and in numbers of lanes only."""
    values = recipe.to_json()
    for name in lane_fields(type(recipe.method)):
        if values["method"][name] is not None:
            values["method"][name] = "lane"
    values["data"]["label_noise"] = values["optim"]["lr"] = values["optim"]["weight_decay"] = "lane"
    if recipe.teacher is not None and recipe.teacher.seed == recipe.seed:
        values["teacher"]["seed"] = "lane"
    values["seed"] = "lane"
    if recipe.fork is not None:
        values["fork"] = [recipe.fork.epoch, lane_key(recipe.fork.recipe)]
    return json.dumps(values, sort_keys=True)


def group_by_lane_key(recipes: Sequence[Recipe]) -> Iterator[Grid]:
    """Sort recipes into grids of seeds by settings, every seed of a grid with the same settings.

    Args:
        recipes: all different.

    Yields:
        Positions in ``recipes``; each is in one grid. A grid of one stands for a recipe that goes alone.
    """
    by_key: dict[str, dict[int, dict[str, int]]] = {}
    for position, recipe in enumerate(recipes):
        key = f"{position}" if why_solo(recipe) else lane_key(recipe)
        by_key.setdefault(key, {}).setdefault(recipe.seed, {})[_setting(recipe)] = position
    for by_seed in by_key.values():
        same: dict[tuple[str, ...], list[dict[str, int]]] = {}
        for settings in by_seed.values():
            same.setdefault(tuple(sorted(settings)), []).append(settings)
        for names, rows in same.items():
            in_order = sorted(names, key=rows[0].__getitem__)
            yield [[row[name] for name in in_order] for row in rows]


def fit_memory(grid: Grid, bytes_of_lane: int, budget: int = MEMORY_BYTES) -> Iterator[Grid]:
    """Cut a grid into chunks of settings, then of seeds, that fit into the memory budget."""
    most = max(1, budget // max(1, bytes_of_lane))
    seeds = min(len(grid), most)
    settings = max(1, most // seeds)
    for first in range(0, len(grid[0]), settings):
        for seed in range(0, len(grid), seeds):
            yield [row[first : first + settings] for row in grid[seed : seed + seeds]]


def bytes_of_lane(parameters: int, activations_per_image: int, batch: int, evaluated: int, classes: int) -> int:
    """Return about how many bytes one lane needs.

    Args:
        parameters: of the network.
        activations_per_image: how many numbers its layers make of one image.
        batch: images in a step; every number is kept twice for the gradient.
        evaluated: images of validation and test together.
        classes: K; logits are kept in float32, twice in float16, and softened.
    """
    return 4 * (KEPT_COPIES * parameters + 3 * batch * activations_per_image + 4 * evaluated * classes)


def _setting(recipe: Recipe) -> str:
    """Return a recipe's numbers of lanes as text."""
    method = {name: getattr(recipe.method, name) for name in sorted(lane_fields(type(recipe.method)))}
    teacher = recipe.teacher.fingerprint() if recipe.teacher is not None and recipe.teacher.seed != recipe.seed else ""
    parent = "" if recipe.fork is None else _setting(recipe.fork.recipe)
    return json.dumps([method, recipe.data.label_noise, recipe.optim.lr, recipe.optim.weight_decay, teacher, parent])
