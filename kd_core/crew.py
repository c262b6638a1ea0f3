"""Crew: runs that train together, from their recipes to their events in the store."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kd_core.errors import JobFailed, KDError, StoreFull, StoreUnusable
from kd_core.events import EpochDone, Event, Together
from kd_core.keepers import Keeper, OwnFiles, SharedFiles, kept_epochs
from kd_core.lane_groups import bounded, grids
from kd_core.lanes import fit_lanes
from kd_core.loop import Loop
from kd_core.recipe import Recipe
from kd_core.recorder import Recorder
from kd_core.speed import Speed
from kd_core.store import Store, told
from kd_core.workshop import Workshop

Ask = Callable[[], str]
"""Asked between steps: "" to go on, or how the study is to end: "stopped" or "interrupted"."""


log = logging.getLogger("kd_core.crew")


class Ended(Exception):
    """Somebody asked the study to end."""


@dataclass(frozen=True)
class Trainee:
    """A run that is to be trained."""

    run: str
    recipe: Recipe


@dataclass(frozen=True)
class Crew:
    """Runs of one loop.

    Args:
        rows: by seed and setting; a single run goes by itself.
        group: the id of their lane group; empty for a single run.
        resumes: whether a checkpoint of the group is there.
    """

    rows: Sequence[Sequence[Trainee]]
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


def crews(trainees: Sequence[Trainee], workshop: Workshop) -> Iterator[Crew]:
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
    yield from (Crew([[one]]) for one in own)
    others = [one for one in rest if one not in own]
    for grid in grids([one.recipe for one in others]):
        many = len(grid) * len(grid[0]) > 1
        for chunk in bounded(grid, workshop.bytes_of_lane(others[grid[0][0]].recipe)) if many else [grid]:
            rows = [[others[position] for position in row] for row in chunk]
            yield Crew(rows, secrets.token_hex(5) if len(rows) * len(rows[0]) > 1 else "")


def _interrupted(group: str, left: Mapping[str, Trainee], store: Store) -> Crew | None:
    """Return the crew of a group that left a checkpoint, if every one of its runs is there and none was taken out."""
    lanes = store.files.lanes.members(group)
    known = {row.id: row for row in store.runs.list(lanes)}
    going = [run for run in lanes if run in known and known[run].status not in ("done", "diverged")]
    if len(known) < len(lanes) or not all(run in left for run in going) or not store.files.lanes.checkpoint(group):
        return None
    by_seed: dict[int, list[Trainee]] = {}
    for run in lanes:
        recipe = Recipe.checked(known[run].recipe)
        by_seed.setdefault(recipe.seed, []).append(Trainee(run, recipe))
    return Crew(list(by_seed.values()), group, resumes=True)


def train(crew: Crew, workshop: Workshop, ask: Ask, only_ends: bool) -> Iterator[None]:
    """Train a crew to its end; stops for breath after every epoch. What breaks it is told to its runs.

    Args:
        crew: who.
        workshop: what they share.
        ask: several times a second, whether to end.
        only_ends: keep the logits of the last and the best epoch alone, and no points between epochs.

    Raises:
        Ended: ``ask`` told so.
        StoreFull, StoreUnusable: nothing more can be kept.
    """
    try:
        yield from _trained(crew, workshop, ask, only_ends)
    except (Ended, StoreFull, StoreUnusable):
        raise  # the other members could not be kept either
    except KDError as error:
        workshop.store.runs.update(*crew.runs, status="failed", error=told(error))
    except Exception as error:  # whatever it is, the other crews can still be trained
        log.exception("training broke off")
        reason = f"{type(error).__name__}: {error}"
        workshop.store.runs.update(*crew.runs, status="failed", error=told(JobFailed(reason=reason)))


def _trained(crew: Crew, workshop: Workshop, ask: Ask, only_ends: bool) -> Iterator[None]:
    store, recipe = workshop.store, crew.recipe
    speed = workshop.describe(crew.runs, recipe, crew.group)
    kept = None if only_ends else kept_epochs_of(recipe)
    if crew.group and not crew.resumes:
        store.files.lanes.found(crew.group, crew.runs)
    snapshot = _snapshot(crew, store)
    runs = crew.runs
    keeper: Keeper = SharedFiles(store, crew.group, runs, kept) if crew.group else OwnFiles(store, runs[0], kept)
    recorder = Recorder(store, crew.runs, keeper, with_points=not only_ends)
    torch.set_num_threads(speed.threads)
    for lane, event in _events(crew, workshop, snapshot, speed, looks=not only_ends):
        recorder.note(event, lane)
        if wish := ask():
            recorder.leave(event)
            raise Ended(wish)
        if isinstance(event, Together):
            yield
            torch.set_num_threads(speed.threads)
    recorder.close()


def _events(
    crew: Crew, workshop: Workshop, snapshot: Mapping[str, Tensor] | None, speed: Speed, looks: bool
) -> Iterator[tuple[int, Event]]:
    if crew.group:
        splits = [workshop.splits(row[0].recipe.changed({"data.label_noise": 0.0})) for row in crew.rows]
        teachers = [workshop.teacher(row[0].recipe) for row in crew.rows]
        said = [workshop.heard(row[0].recipe) for row in crew.rows]
        torch.set_num_threads(speed.threads)
        recipes = [[one.recipe for one in row] for row in crew.rows]
        yield from fit_lanes(recipes, splits, teachers, snapshot, said, looks)
        return
    loop = Loop(workshop, snapshot, speed)
    for event in crew.recipe.protocol.run(crew.recipe, loop, loop.predict):
        yield 0, event
        if isinstance(event, EpochDone):
            logits = {part: values[None] for part, values in event.logits.items()}
            yield 0, Together(event.epoch, (0,), logits, event.snapshot)


def _snapshot(crew: Crew, store: Store) -> dict[str, Tensor] | None:
    """Return the last checkpoint, if any, after the store has forgotten all that came later."""
    first = store.runs.get(crew.runs[0])
    steps = (first.steps or 0) // max(1, first.epochs or 1)  # as the loop told: a protocol's epochs have their own

    kept = store.files.lanes.checkpoint(crew.group) if crew.group else store.files.checkpoint(crew.runs[0])
    epoch = int(kept["progress"].flat[0]) if kept else 0
    ended = {row.id for row in store.runs.list(crew.runs) if row.status in ("done", "diverged")}
    store.runs.rewind([run for run in crew.runs if run not in ended], epoch, epoch * steps)
    if crew.group:
        store.files.lanes.rewind(crew.group, epoch)
    return {name: torch.from_numpy(values) for name, values in kept.items()} if kept else None


def kept_epochs_of(recipe: Recipe) -> set[int]:
    """Return the epochs whose logits a race keeps; with early stopping any may be the one to report."""
    return set(range(recipe.optim.epochs)) if recipe.optim.patience else kept_epochs(recipe.optim.epochs)
