"""Running a study: every member is found or trained, compared with its teacher, and told to the store."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch

from kd_core.compute import keep_memory, latencies
from kd_core.errors import FilesDamaged, JobFailed, KDError, system_reason
from kd_core.experiments.group_runner import GroupRunner, StopCheck, StopRequested
from kd_core.experiments.groups import PendingRun, TrainingGroup, side_by_side, training_groups
from kd_core.experiments.study_context import StudyContext
from kd_core.experiments.teacher_cache import TeacherCache
from kd_core.functional import agreement, kl_divergence
from kd_core.recipe import Member, Recipe, Study, check_study
from kd_core.store import MemberRow, RunRow, Store, error_json
from kd_core.training.lanes import MEMORY_BYTES, why_solo
from kd_core.vocabulary import TEACHING_ARMS

TIMING_SECONDS = 1.5

log = logging.getLogger(__name__)

Place = tuple[MemberRow, Member]
"""A member as the store holds it, and with its recipe."""


def run_study(store: Store, study: str, *, data_root: Path, stop_check: StopCheck = lambda: "") -> None:
    """Carry out a study to its end, or until ``stop_check`` tells otherwise; every outcome is in the store.

    Args:
        store: where recipes come from and results go.
        study: its id.
        data_root: the folder in which torchvision sets lie.
        stop_check: asked several times a second.
    """
    keep_memory()
    try:
        store.studies.update(study, status="running", started=time.time())
        store.check_space()
        StudyRunner(store, study, data_root, stop_check).run()
        store.studies.end(study, *_outcome(store, study))
    except StopRequested as stop:
        store.studies.end(study, str(stop))
    except KDError as error:
        log.warning("study %s: %s", study, error)
        store.studies.end(study, "failed", error_json(error))
    except Exception as error:
        log.exception("study %s", study)
        store.studies.end(
            study, "failed", error_json(JobFailed(reason=system_reason(f"{type(error).__name__}: {error}")))
        )


class StudyRunner:
    """One study, carried out seed by seed."""

    def __init__(self, store: Store, study: str, data_root: Path, stop_check: StopCheck) -> None:
        self.store = store
        self.row = store.studies.get(study)
        self.study = Study.from_json(self.row.spec)
        if len(store.studies.members(study)) < len(self.study.members):
            store.studies.restore_members(study, self.study)
        self.context = StudyContext(store, data_root, self.row.device, self.row.precision, study)
        self.teachers = TeacherCache(self.context)
        last_and_best_only = self.study.kind != "race"
        self.checked = False
        forks = any(member.recipe.fork is not None for member in self.study.members)
        self.groups = GroupRunner(self.context, self.teachers, stop_check, last_and_best_only, forks)

    def run(self) -> None:
        """Find or train every member, then time the arms in turn."""
        all_seeds = sorted({member.seed for member in self.study.members})
        at_once = self._seeds_at_once()
        for first in range(0, len(all_seeds), at_once):
            seeds = set(all_seeds[first : first + at_once])
            for depth in self._depths(seeds):
                for group in self._pending_groups(seeds, depth):
                    _drain(self.groups.run(group))
            for pair in side_by_side(self._pending_groups(seeds)):
                _drain(*(self.groups.run(group) for group in pair))
            self._compare_with_teachers(seeds)
            self.context.forget_splits()
            self.teachers.forget()
        if self.study.kind == "race":
            self._time_the_arms()

    def _seeds_at_once(self) -> int:
        """Return how many seeds train together: as many as memory allows where there are lanes, else one by one."""
        recipes = [member.recipe for member in self.study.members]
        if all(why_solo(recipe) for recipe in recipes):
            return 1
        images = self.context.dataset(recipes[0]).train.images
        return max(1, MEMORY_BYTES // (5 * images.nbytes))  # as they look, one byte a pixel, and normalised, four

    def _places(self) -> list[Place]:
        return list(zip(self.store.studies.members(self.row.id), self.study.members, strict=True))

    def _depths(self, seeds: set[int]) -> list[int]:
        """Return how many teachers stand above those who teach, so that each is trained after its own teacher."""
        teaching = (m for m in self.study.members if m.seed in seeds and m.arm in TEACHING_ARMS)
        return sorted({teachers_above(member.recipe) for member in teaching})

    def _pending_groups(self, seeds: set[int], depth: int | None = None) -> list[TrainingGroup]:
        """Take finished runs of the same recipes, and sort those that are left to train by who can train together.

        Args:
            seeds: whose.
            depth: those who teach, with so many teachers above them; None for the students.
        """
        wanted: dict[str, Place] = {}
        for row, member in self._places():
            teaches = row.arm in TEACHING_ARMS
            due = not teaches if depth is None else teaches and teachers_above(member.recipe) == depth
            if row.seed in seeds and due:
                wanted.setdefault(row.fingerprint, (row, member))
        left = [place for place in (self._unfinished(*place) for place in wanted.values()) if place]
        if left and not self.checked:
            check_study(self.study, self.context.dataset)
            self.checked = True
        new = [member.recipe for row, member in left if not row.run]
        begun = iter(self.store.runs.begin(self.row.id, new) if new else [])
        pending = [PendingRun(row.run or next(begun), member.recipe) for row, member in left]
        return list(training_groups(pending, self.context))

    def _unfinished(self, row: MemberRow, member: Member) -> Place | None:
        """Return a member that is to be trained; None where it has its finished run, or could be given one."""
        if row.run:
            run = self.store.runs.get(row.run)
            if run.status == "diverged" or (run.status == "done" and not self._damage(run)):
                return None
            return (row if run.status != "done" else self._trained_again(row, run)), member
        if self.row.fresh and member.arm not in TEACHING_ARMS:
            return row, member
        finished = self.store.runs.finished(row.fingerprint)
        if finished is None:
            return row, member
        run = self.store.runs.get(finished)
        if self._damage(run):
            return self._trained_again(row, run), member
        self.store.runs.reuse_finished(self.row.id, row.fingerprint)
        return None

    def _damage(self, run: RunRow) -> str:
        return self.store.files.damaged(run.id, run.reported_epoch)

    def _trained_again(self, row: MemberRow, run: RunRow) -> MemberRow:
        """Return a member with a finished run whose files are damaged, to be trained anew in its place."""
        file = self._damage(run)
        log.warning("%s", FilesDamaged(id=run.id, file=file))
        claimed = self.store.runs.adopt_damaged(self.row.id, row.fingerprint, run.id, file)
        return replace(row, run=run.id if claimed else None)

    def _compare_with_teachers(self, seeds: set[int]) -> None:
        """Keep how far each student agrees with its teacher on the test split, from the stored logits."""
        places = [place for place in self._places() if place[0].seed in seeds]
        teacher_of_recipe = {row.fingerprint: row.run for row, _ in places if row.arm == "teacher"}
        teacher_of_cell = {(row.seed, str(row.cell)): row.run for row, _ in places if row.arm == "teacher"}
        logits, compare = cache(self._test_logits), cache(_fidelity)
        by_position = {}
        for row, member in places:
            own = member.recipe.teacher
            if row.arm == "helper" and own is None:
                continue  # another teacher: it follows nobody, and may answer another question
            teacher = (
                teacher_of_recipe.get(own.fingerprint()) if own else teacher_of_cell.get((row.seed, str(row.cell)))
            )
            if row.arm != "teacher" and row.run and teacher and (fidelity := compare(logits, row.run, teacher)):
                by_position[row.position] = fidelity
        self.store.studies.note_agreements(self.row.id, by_position)

    def _test_logits(self, run: str) -> torch.Tensor | None:
        epoch = self.store.runs.get(run).reported_epoch
        logits = None if epoch is None else self.store.files.logits(run, epoch)
        return None if logits is None else torch.from_numpy(logits)

    def _time_the_arms(self) -> None:
        """Time the arms of the first seed in turn, where all of them were trained."""
        seed = self.study.members[0].seed
        first = [place for place in self._places() if place[0].seed == seed and place[0].arm != "helper"]
        if any(row.run is None or self.store.runs.get(row.run).status != "done" for row, _ in first):
            return
        networks = {str(member.arm): self.context.trained_network(member.recipe, row.run) for row, member in first}
        shape = self.context.dataset(first[0][1].recipe).train.shape
        threads = 1 if self.context.device.type == "cpu" else None
        timed = latencies(networks, shape, threads=threads, seconds=TIMING_SECONDS)
        rows: list[dict[str, Any]] = [
            {"arm": arm, **vars(latency)} for arm, by_batch in timed.items() for latency in by_batch
        ]
        self.store.studies.update(self.row.id, latency=rows)


def teachers_above(recipe: Recipe) -> int:
    """Return how long the line of teachers above a recipe is."""
    return 0 if recipe.teacher is None else 1 + teachers_above(recipe.teacher)


def _fidelity(logits: Callable[[str], torch.Tensor | None], student: str, teacher: str) -> dict[str, float] | None:
    """Return how far a student's run agrees with a teacher's, where both are known."""
    theirs, own = logits(teacher), logits(student)
    if theirs is None or own is None:
        return None
    return {"agreement": agreement(own, theirs), "kl_to_teacher": float(kl_divergence(theirs, own))}


def _drain(*groups: Generator[None, None, None]) -> None:
    """Train groups to their end, an epoch of each in turn; where one breaks off, the others keep what they have."""
    try:
        for _ in zip_longest(*groups):
            pass
    finally:
        for group in groups:
            group.close()


def _outcome(store: Store, study: str) -> tuple[str, dict[str, Any] | None]:
    """Return how a study ended and the first trouble in it; a run that diverged is a result like any other."""
    runs = store.studies.runs_of(study)
    errors = [runs[position].error for position in sorted(runs) if runs[position].error]
    failed = any(run.status == "failed" for run in runs.values())
    return "failed" if failed else "done", errors[0] if errors else None
