"""Training a group of runs, from their recipes to their events in the store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from kd_core.compute import Speed
from kd_core.errors import JobFailed, KDError, StoreFull, StoreUnusable
from kd_core.events import EpochDone, Event, Together
from kd_core.experiments.groups import TrainingGroup
from kd_core.experiments.logit_writers import LaneLogitWriter, LogitWriter, RunLogitWriter, kept_epochs
from kd_core.experiments.protocol_context import Loop
from kd_core.experiments.recorder import Recorder
from kd_core.experiments.study_context import Workshop
from kd_core.recipe import Recipe
from kd_core.store import Store, error_json
from kd_core.training.lanes import fit_lanes

StopCheck = Callable[[], str]
"""Asked between steps: "" to go on, or how the study is to end: "stopped" or "interrupted"."""


log = logging.getLogger("kd_core.experiments.group_runner")


class StopRequested(Exception):
    """Somebody asked the study to end."""


def train(crew: TrainingGroup, workshop: Workshop, ask: StopCheck, only_ends: bool) -> Iterator[None]:
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
    except (StopRequested, StoreFull, StoreUnusable):
        raise  # the other members could not be kept either
    except KDError as error:
        workshop.store.runs.update(*crew.runs, status="failed", error=error_json(error))
    except Exception as error:  # whatever it is, the other crews can still be trained
        log.exception("training broke off")
        reason = f"{type(error).__name__}: {error}"
        workshop.store.runs.update(*crew.runs, status="failed", error=error_json(JobFailed(reason=reason)))


def _trained(crew: TrainingGroup, workshop: Workshop, ask: StopCheck, only_ends: bool) -> Iterator[None]:
    store, recipe = workshop.store, crew.recipe
    speed = workshop.describe(crew.runs, recipe, crew.group)
    kept = None if only_ends else kept_epochs_of(recipe)
    if crew.group and not crew.resumes:
        store.files.lanes.found(crew.group, crew.runs)
    snapshot = _snapshot(crew, store)
    runs = crew.runs
    keeper: LogitWriter = (
        LaneLogitWriter(store, crew.group, runs, kept) if crew.group else RunLogitWriter(store, runs[0], kept)
    )
    recorder = Recorder(store, crew.runs, keeper, with_points=not only_ends)
    torch.set_num_threads(speed.threads)
    for lane, event in _events(crew, workshop, snapshot, speed, looks=not only_ends):
        recorder.note(event, lane)
        if wish := ask():
            recorder.leave(event)
            raise StopRequested(wish)
        if isinstance(event, Together):
            yield
            torch.set_num_threads(speed.threads)
    recorder.close()


def _events(
    crew: TrainingGroup, workshop: Workshop, snapshot: Mapping[str, Tensor] | None, speed: Speed, looks: bool
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


def _snapshot(crew: TrainingGroup, store: Store) -> dict[str, Tensor] | None:
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
