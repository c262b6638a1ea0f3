"""Training groups: which runs of a study train together in one loop."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kd_core.experiments.study_context import StudyContext
from kd_core.recipe import Recipe
from kd_core.store import Store
from kd_core.training.lanes import (
    activations_per_image,
    bytes_of_lane,
    fit_memory,
    group_by_lane_key,
    lane_key,
)


@dataclass(frozen=True)
class PendingRun:
    """A run that is to be trained."""

    run: str
    recipe: Recipe


@dataclass(frozen=True)
class TrainingGroup:
    """Runs of one loop.

    Args:
        rows: by seed and setting; a single run goes by itself.
        id: of their lane group; empty for a single run.
        resumes: whether a checkpoint of the group is there.
    """

    rows: Sequence[Sequence[PendingRun]]
    id: str = ""
    resumes: bool = False

    @property
    def runs(self) -> list[str]:
        """Return the ids of the runs, by lane."""
        return [pending.run for row in self.rows for pending in row]

    @property
    def recipe(self) -> Recipe:
        """Return the recipe of the first lane, which stands for what all have in common."""
        return self.rows[0][0].recipe


def training_groups(pending: Sequence[PendingRun], study: StudyContext) -> Iterator[TrainingGroup]:
    """Sort runs into groups: first those that were interrupted together, then the others by what they have in common.

    Args:
        pending: of different recipes.
        study: knows the data and the networks, and so how many lanes fit into memory.
    """
    left = {waiting.run: waiting for waiting in pending}
    lanes = study.store.files.lanes
    for group_id in dict.fromkeys(place[0] for run in left if (place := lanes.place(run))):
        if group := _interrupted(group_id, left, study.store):
            for run in group.runs:
                left.pop(run, None)
            yield group
    begun = [waiting for waiting in left.values() if study.store.files.checkpoint(waiting.run)]
    yield from (TrainingGroup([[waiting]]) for waiting in begun)
    fresh = [waiting for waiting in left.values() if waiting not in begun]
    for grid in group_by_lane_key([waiting.recipe for waiting in fresh]):
        many = len(grid) * len(grid[0]) > 1
        for chunk in fit_memory(grid, _bytes_of_lane(fresh[grid[0][0]].recipe, study)) if many else [grid]:
            rows = [[fresh[position] for position in row] for row in chunk]
            yield TrainingGroup(rows, secrets.token_hex(5) if len(rows) * len(rows[0]) > 1 else "")


def side_by_side(groups: Sequence[TrainingGroup]) -> list[list[TrainingGroup]]:
    """Return in which rounds groups train: two of different kinds side by side, so that memory holds no more.

    A student alone goes with the distilled one, so that their curves grow together and a gain is known from the first
    epoch on; groups of one kind (seeds that cannot be lanes, chunks of a large map) follow each other.
    """
    rounds: list[list[TrainingGroup]] = []
    for group in groups:
        kind = lane_key(group.recipe)
        free = (pair for pair in rounds if len(pair) == 1 and lane_key(pair[0].recipe) != kind)
        pair = next(free, None)
        if pair is None:
            rounds.append([group])
        else:
            pair.append(group)
    return rounds


def _bytes_of_lane(recipe: Recipe, study: StudyContext) -> int:
    """Return about how many bytes one lane of a recipe needs."""
    dataset, network = study.dataset(recipe), study.fresh_network(recipe)
    validation = len(dataset.validation) if dataset.validation is not None else dataset.cut
    evaluated = len(dataset.test) + validation
    parameters = sum(parameter.numel() for parameter in network.parameters())
    activations = activations_per_image(network, dataset.train)
    return bytes_of_lane(parameters, activations, recipe.optim.batch, evaluated, len(dataset.train.classes))


def _interrupted(group: str, left: Mapping[str, PendingRun], store: Store) -> TrainingGroup | None:
    """Return a group that left a checkpoint, if every one of its runs is there and none was taken out."""
    lanes = store.files.lanes.members(group)
    rows = {row.id: row for row in store.runs.list(lanes)}
    unfinished = [run for run in lanes if run in rows and rows[run].status not in ("done", "diverged")]
    if len(rows) < len(lanes) or not all(run in left for run in unfinished) or not store.files.lanes.checkpoint(group):
        return None
    by_seed: dict[int, list[PendingRun]] = {}
    for run in lanes:
        recipe = Recipe.from_json(rows[run].recipe)
        by_seed.setdefault(recipe.seed, []).append(PendingRun(run, recipe))
    return TrainingGroup(list(by_seed.values()), group, resumes=True)
