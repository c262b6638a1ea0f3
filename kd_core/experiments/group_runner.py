"""Training a group of runs, from their recipes to their events in the store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

import torch
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
"""Asked between steps: "" to go on, or how the study is to end: "stopped" or "interrupted"."""


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
    """

    def __init__(
        self, study: StudyContext, teachers: TeacherCache, stop_check: StopCheck, last_and_best_only: bool
    ) -> None:
        self.study, self.teachers, self.store = study, teachers, study.store
        self.stop_check, self.last_and_best_only = stop_check, last_and_best_only

    def run(self, group: TrainingGroup) -> Iterator[None]:
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

    def _train(self, group: TrainingGroup) -> Iterator[None]:
        plan = describe(self.study, self.teachers, group.runs, group.recipe, group.id)
        if group.id and not group.resumes:
            self.store.files.lanes.create_group(group.id, group.runs)
        checkpoint = rewind_to_checkpoint(group, self.store)
        recorder = Recorder(self.store, group.runs, self._logit_writer(group), with_points=not self.last_and_best_only)
        torch.set_num_threads(plan.threads)
        for event in self._events(group, checkpoint, plan):
            recorder.handle(event)
            if stop := self.stop_check():
                recorder.suspend(event)
                raise StopRequested(stop)
            if isinstance(event, EpochEnd):
                yield
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


def rewind_to_checkpoint(group: TrainingGroup, store: Store) -> dict[str, Tensor] | None:
    """Let the store forget all that came after a group's last checkpoint, and return that, if there is one."""
    arrays = store.files.lanes.checkpoint(group.id) if group.id else store.files.checkpoint(group.runs[0])
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
