"""Training groups: which runs of a study train together in one loop."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kd_core.experiments.study_context import Workshop
from kd_core.recipe import Recipe
from kd_core.store import Store
from kd_core.training.lanes import fit_memory, group_by_lane_key


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
        group: the id of their lane group; empty for a single run.
        resumes: whether a checkpoint of the group is there.
    """

    rows: Sequence[Sequence[PendingRun]]
    group: str = ""
    resumes: bool = False

    @property
    def runs(self) -> list[str]:
        """Return the ids of the runs, by lane."""
        return [one.run for row in self.rows for one in row]

    @property
    def recipe(self) -> Recipe:
        """Return the recipe of the first lane, which stands for what all have in common."""
        return self.rows[0][0].recipe


def training_groups(trainees: Sequence[PendingRun], workshop: Workshop) -> Iterator[TrainingGroup]:
    """Sort runs into crews: first those that were interrupted together, then the others by what they have in common.

    Args:
        trainees: of different recipes.
        workshop: knows the data and the networks, and so how many lanes fit into memory.
    """
    left = {one.run: one for one in trainees}
    for group in dict.fromkeys(place[0] for run in left if (place := workshop.store.files.lanes.place(run))):
        if crew := _interrupted(group, left, workshop.store):
            for run in crew.runs:
                left.pop(run, None)
            yield crew
    rest = list(left.values())
    own = [one for one in rest if workshop.store.files.checkpoint(one.run)]
    yield from (TrainingGroup([[one]]) for one in own)
    others = [one for one in rest if one not in own]
    for grid in group_by_lane_key([one.recipe for one in others]):
        many = len(grid) * len(grid[0]) > 1
        for chunk in fit_memory(grid, workshop.bytes_of_lane(others[grid[0][0]].recipe)) if many else [grid]:
            rows = [[others[position] for position in row] for row in chunk]
            yield TrainingGroup(rows, secrets.token_hex(5) if len(rows) * len(rows[0]) > 1 else "")


def _interrupted(group: str, left: Mapping[str, PendingRun], store: Store) -> TrainingGroup | None:
    """Return the crew of a group that left a checkpoint, if every one of its runs is there and none was taken out."""
    lanes = store.files.lanes.members(group)
    known = {row.id: row for row in store.runs.list(lanes)}
    going = [run for run in lanes if run in known and known[run].status not in ("done", "diverged")]
    if len(known) < len(lanes) or not all(run in left for run in going) or not store.files.lanes.checkpoint(group):
        return None
    by_seed: dict[int, list[PendingRun]] = {}
    for run in lanes:
        recipe = Recipe.from_json(known[run].recipe)
        by_seed.setdefault(recipe.seed, []).append(PendingRun(run, recipe))
    return TrainingGroup(list(by_seed.values()), group, resumes=True)
