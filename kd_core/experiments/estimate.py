"""Estimate: how long a study will take here, from what the store has seen or from a network's arithmetic."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from kd_core.compute import macs
from kd_core.networks import Architecture
from kd_core.recipe import Recipe, Study, outline
from kd_core.store import RunRow, Store
from kd_core.training.lanes import group_by_lane_key
from kd_core.vocabulary import TEACHING_ARMS

STEP_SECONDS = 0.0007
"""One step of a network so small that only the calls count, on a 2-core server of 2026."""
LANES_STEP_SECONDS = 0.002
"""The same for any number of networks as lanes of one loop."""
EVALUATION_SECONDS = 0.00025
"""Evaluating one of many lanes after an epoch, and writing its logits."""
PACED_RUNS = 200
"""So many of the newest runs tell how fast this machine is."""
START_SECONDS = 1.0
"""From the press of Start to the first step."""
MACS_PER_SECOND = 20e9
"""Multiply-accumulates a second in training on the same machine, one thread, float32."""


def estimated_seconds(
    store: Store, study: Study, fresh: bool = False, fingerprints: Sequence[str] | None = None
) -> float:
    """Return about how many seconds the members take that are not trained yet, or all students if ``fresh``.

    Args:
        store: what is trained, and how fast it was.
        study: what is to be trained.
        fresh: train students again.
        fingerprints: of the members' recipes in order, where the caller has them: of hundreds they take a while.
    """
    paces = {
        _kind(run.recipe): Pace.of(run)
        for run in reversed(store.runs.list(limit=PACED_RUNS))
        if run.step and run.status == "done"  # of one that was stopped, the last epoch's steps have no seconds yet
    }
    known = fingerprints or [member.recipe.fingerprint() for member in study.members]
    members = dict(zip(known, study.members, strict=True))
    asked = {fingerprint: member.recipe for fingerprint, member in members.items()}
    anew = {fingerprint for fingerprint, member in members.items() if fresh and member.arm not in TEACHING_ARMS}
    stored = store.runs.finished_among(asked) - anew
    recipes = [recipe for fingerprint, recipe in asked.items() if fingerprint not in stored]
    grids = group_by_lane_key(recipes)
    training = sum(_seconds([recipes[position] for row in grid for position in row], paces) for grid in grids)
    return START_SECONDS + training if recipes else 0.0


@dataclass(frozen=True)
class Pace:
    """How long a step took of a network, and of how many lanes it was one."""

    seconds: float
    lanes: int

    @classmethod
    def of(cls, run: RunRow) -> Pace:
        """Return a run's pace; its seconds are its own share of the loop's."""
        lanes = int((run.execution or {}).get("lanes", 1))
        return cls(lanes * run.seconds / run.step, lanes)

    def expected(self, lanes: int) -> float:
        """Return the seconds of a step of ``lanes`` networks of the same kind."""
        if (lanes > 1) == (self.lanes > 1):
            overhead = min(LANES_STEP_SECONDS if lanes > 1 else STEP_SECONDS, self.seconds)
            return overhead + (self.seconds - overhead) * lanes / self.lanes
        return LANES_STEP_SECONDS + max(0.0, self.seconds / self.lanes - STEP_SECONDS) * lanes


def _seconds(recipes: Sequence[Recipe], paces: Mapping[str, Pace]) -> float:
    """Return about how many seconds the recipes of one grid take, as lanes of one loop where there are several."""
    recipe, lanes = recipes[0], len(recipes)
    if recipe.given_weights is not None:
        return EVALUATION_SECONDS
    pace = paces.get(_kind(recipe.to_json()))
    per_step = pace.expected(lanes) if pace else recipe.protocol.relative_cost * _guess(recipe, lanes)
    steps = recipe.protocol.steps_per_epoch(-(-training_images(recipe) // recipe.optim.batch), recipe.optim.batch)
    return recipe.optim.epochs * (per_step * steps + EVALUATION_SECONDS * lanes)


def training_images(recipe: Recipe) -> int:
    """Return about how many images an epoch has."""
    known = outline(recipe.data.source)
    size = recipe.data.source.approximate_size if known is None else len(known.train) - known.cut
    if recipe.data.labelled is None or recipe.data.unlabelled == "keep":
        return size
    return min(size, recipe.data.labelled)


def _kind(recipe: Mapping[str, Any]) -> str:
    """Return what of a recipe's JSON decides how long a step takes, as text."""
    optim, data = recipe["optim"], recipe["data"]
    parts = (recipe["student"], data["source"], optim["batch"], optim["algorithm"], data["augmentation"])
    return json.dumps([*parts, recipe["protocol"]], sort_keys=True)


def _guess(recipe: Recipe, lanes: int) -> float:
    shape = recipe.data.source.shape
    calls = LANES_STEP_SECONDS if lanes > 1 else STEP_SECONDS
    return calls + 3 * lanes * recipe.optim.batch * _macs(recipe.student, shape) / MACS_PER_SECOND


@cache
def _macs(architecture: Architecture, shape: tuple[int, int, int]) -> int:
    return macs(architecture.untrained().build(shape, 10), shape)
