"""Training a group of runs, from their recipes to their events in the store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from kd_core.compute import StepPlan
from kd_core.errors import JobFailed, KDError, StoreFull, StoreUnusable, system_reason
from kd_core.events import EpochEnd, Event
from kd_core.experiments.groups import TrainingGroup
from kd_core.experiments.logit_writers import LaneLogitWriter, LogitWriter, RunLogitWriter, epochs_to_keep
from kd_core.experiments.protocol_context import RunContext
from kd_core.experiments.recorder import Recorder
from kd_core.experiments.run_metadata import describe
from kd_core.experiments.study_context import StudyContext
from kd_core.experiments.teacher_cache import TeacherCache
from kd_core.recipe import Recipe
from kd_core.store import Store, error_json
from kd_core.training import epoch_of
from kd_core.training.lanes import fit_lanes

StopCheck = Callable[[], str]
"""Asked between steps: "" to go on, or how the study is to end: "stopped", "paused" or "interrupted"."""


log = logging.getLogger(__name__)


class StopRequested(Exception):
    """Somebody asked the study to end."""


class GroupRunner:
    """Trains groups of one study.

    Args:
        study: data, networks, device, store.
        teachers: of the study.
        stop_check: several times a second, whether to end.
        last_and_best_only: keep the logits of the last and the best epoch alone, and no points between epochs.
        forks: whether the study left another one in mid-run, so that its runs may go on from that one's checkpoints.
    """

    def __init__(
        self,
        study: StudyContext,
        teachers: TeacherCache,
        stop_check: StopCheck,
        last_and_best_only: bool,
        forks: bool = False,
    ) -> None:
        self.study, self.teachers, self.store = study, teachers, study.store
        self.stop_check, self.last_and_best_only, self.forks = stop_check, last_and_best_only, forks

    def run(self, group: TrainingGroup) -> Generator[None, None, None]:
        """Train a group to its end; stops for breath after every epoch. What breaks it is told to its runs.

        Raises:
            StopRequested: ``stop_check`` told so.
            StoreFull, StoreUnusable: nothing more can be kept.
        """
        try:
            yield from self._train(group)
        except (StopRequested, StoreFull, StoreUnusable):
            raise  # the other members could not be kept either
        except KDError as error:
            self.store.runs.update(*group.runs, status="failed", error=error_json(error))
        except Exception as error:  # whatever it is, the other groups can still be trained
            log.exception("training broke off")
            failed = JobFailed(reason=system_reason(f"{type(error).__name__}: {error}"))
            self.store.runs.update(*group.runs, status="failed", error=error_json(failed))

    def _train(self, group: TrainingGroup) -> Generator[None, None, None]:
        plan = describe(self.study, self.teachers, group.runs, group.recipe, group.id)
        if group.id and not group.resumes:
            self.store.files.lanes.create_group(group.id, group.runs)
        if self.forks:
            begin_with_remains(group, self.store)
        checkpoint = rewind_to_checkpoint(group, self.store)
        recorder = Recorder(self.store, group.runs, self._logit_writer(group), with_points=not self.last_and_best_only)
        torch.set_num_threads(plan.threads)
        for event in self._events(group, checkpoint, plan):
            recorder.handle(event)
            stop, epoch_ends = self.stop_check(), isinstance(event, EpochEnd)
            if stop and (epoch_ends or stop != "paused"):  # a pause loses nothing, so it waits for the epoch's end
                recorder.suspend(event)
                raise StopRequested(stop)
            if epoch_ends:
                try:
                    yield
                except GeneratorExit:  # the study ends in another group: here, too, nothing is to be lost
                    recorder.suspend(event)
                    raise
                torch.set_num_threads(plan.threads)  # another group may have trained meanwhile
        recorder.close()

    def _logit_writer(self, group: TrainingGroup) -> LogitWriter:
        kept = None if self.last_and_best_only else _kept_epochs(group.recipe)
        if group.id:
            return LaneLogitWriter(self.store, group.id, group.runs, kept)
        return RunLogitWriter(self.store, group.runs[0], kept)

    def _events(self, group: TrainingGroup, checkpoint: Mapping[str, Tensor] | None, plan: StepPlan) -> Iterator[Event]:
        if not group.id:
            context = RunContext(self.study, self.teachers, checkpoint, plan)
            return group.recipe.protocol.run(group.recipe, context)
        recipes = [[pending.recipe for pending in row] for row in group.rows]
        splits = [self.study.splits(row[0].changed({"data.label_noise": 0.0})) for row in recipes]
        networks = [self.teachers.network(row[0]) for row in recipes]
        outputs = [self.teachers.outputs(row[0]) for row in recipes]
        return fit_lanes(recipes, splits, networks, checkpoint, outputs, not self.last_and_best_only)


def begin_with_remains(group: TrainingGroup, store: Store) -> None:
    """Let runs without a checkpoint begin with one of earlier runs, of the same recipes or of those they left.

    Until a fork a recipe is trained exactly as its parent, so that a checkpoint of the parent from before the fork is
    the very one that the fork itself would have reached. Without any it is trained from the beginning.
    """
    if _own_checkpoint(group, store) is not None:
        return
    recipes = [pending.recipe for row in group.rows for pending in row]
    until = min(recipe.optim.epochs for recipe in recipes)
    while True:
        fingerprints = [recipe.fingerprint() for recipe in recipes]
        if remains := store.lineage.remains(fingerprints, until, group.runs):
            log.info("goes on from epoch %s of %s", remains.epoch, remains.group or remains.runs[0])
            store.lineage.hand_on(remains, group.runs, group.id)
            return
        forks = [recipe.fork for recipe in recipes if recipe.fork is not None]
        if len(forks) < len(recipes):
            return
        recipes, until = [fork.recipe for fork in forks], min(until, *(fork.epoch for fork in forks))


def _own_checkpoint(group: TrainingGroup, store: Store) -> Mapping[str, NDArray[Any]] | None:
    return store.files.lanes.checkpoint(group.id) if group.id else store.files.checkpoint(group.runs[0])


def rewind_to_checkpoint(group: TrainingGroup, store: Store) -> dict[str, Tensor] | None:
    """Let the store forget all that came after a group's last checkpoint, and return that, if there is one."""
    arrays = _own_checkpoint(group, store)
    checkpoint = {name: torch.from_numpy(values) for name, values in arrays.items()} if arrays else None
    if store.files.checkpoint_is_damaged(group.runs[0], group.id):
        log.warning("the checkpoint of %s is damaged: trained again from the beginning", group.id or group.runs[0])
    epoch = epoch_of(checkpoint) if checkpoint else 0
    first = store.runs.get(group.runs[0])
    steps = (first.steps or 0) // max(1, first.epochs or 1)  # as the loop told: a protocol's epochs have their own
    ended = {row.id for row in store.runs.list(group.runs) if row.status in ("done", "diverged")}
    store.runs.rewind([run for run in group.runs if run not in ended], epoch, epoch * steps)
    if group.id:
        store.files.lanes.rewind(group.id, epoch)
    return checkpoint


def _kept_epochs(recipe: Recipe) -> set[int]:
    """Return the epochs whose logits a race keeps; with early stopping any may be the one to report."""
    return set(range(recipe.optim.epochs)) if recipe.optim.patience else epochs_to_keep(recipe.optim.epochs)
