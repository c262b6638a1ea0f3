"""The story of a study: every member is found or trained, judged against its teacher, and told to the store."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any

import torch

from kd_core.cost import latencies
from kd_core.divergences import kl_divergence
from kd_core.errors import JobFailed, KDError, StoreFull, StoreUnusable
from kd_core.events import EpochDone, Event
from kd_core.metrics import agreement
from kd_core.prediction import predict
from kd_core.recipe import Member, Recipe, Study
from kd_core.recorder import Recorder
from kd_core.store import MemberRow, Store, told
from kd_core.training import fit, steps_per_epoch
from kd_core.workshop import Workshop

TIMING_SECONDS = 1.5

log = logging.getLogger("kd_core")

Ask = Callable[[], str]
"""Asked between steps: "" to go on, or how the study is to end: "stopped" or "interrupted"."""
Place = tuple[MemberRow, Member]


class Ended(Exception):
    """Somebody asked the study to end."""


def run_study(store: Store, study: str, *, data_root: Path, ask: Ask = lambda: "") -> None:
    """Carry out a study to its end, or until ``ask`` tells otherwise; every outcome is in the store.

    Args:
        store: where recipes come from and results go.
        study: its id.
        data_root: the folder in which torchvision sets lie.
        ask: asked several times a second.
    """
    try:
        store.studies.update(study, status="running", started=time.time())
        store.check_space()
        StudyStory(store, study, data_root, ask).carry_out()
        store.studies.end(study, *_outcome(store, study))
    except Ended as ended:
        store.studies.end(study, str(ended))
    except KDError as error:
        log.warning("study %s: %s", study, error)
        store.studies.end(study, "failed", told(error))
    except Exception as error:
        log.exception("study %s", study)
        store.studies.end(study, "failed", told(JobFailed(reason=f"{type(error).__name__}: {error}")))


class StudyStory:
    """One study, carried out seed by seed."""

    def __init__(self, store: Store, study: str, data_root: Path, ask: Ask) -> None:
        self.store, self.ask = store, ask
        self.row = store.studies.get(study)
        self.study = Study.checked(self.row.spec)
        self.workshop = Workshop(store, data_root, self.row.device, study)

    def carry_out(self) -> None:
        """Find or train every member, then time the arms in turn."""
        for _, group in groupby(self._places(), key=lambda place: place[0].seed):
            same_seed = list(group)
            for place in same_seed:
                if place[1].arm == "teacher":
                    _drain(self._settle(*place))
            students = [self._settle(*place) for place in same_seed if place[1].arm != "teacher"]
            if self.study.kind == "race":
                _drain(zip_longest(*students))  # an epoch of each in turn: their curves grow side by side
            else:
                for student in students:
                    _drain(student)
            self._judge_against_teacher({place.position for place, _ in same_seed})
            self.workshop.forget()
        if self.study.kind == "race":
            self._time_the_arms()

    def _places(self) -> list[Place]:
        return list(zip(self.store.studies.members(self.row.id), self.study.members, strict=True))

    def _settle(self, place: MemberRow, member: Member) -> Iterator[None]:
        """Take a finished run of the same recipe, or train one; stops for breath after every epoch."""
        if place.run and self.store.runs.get(place.run).status in ("done", "diverged"):
            return
        found = self.store.runs.finished(place.fingerprint)
        mine = {row.run for row in self.store.studies.members(self.row.id) if not row.reused}
        if found and (found in mine or not self.row.fresh or member.arm == "teacher"):
            self.store.runs.adopt(place.study, place.position, place.fingerprint)
            return
        recipe = member.recipe
        run = place.run or self.store.runs.begin(self.row.id, place.position, recipe, recipe.optim.epochs)
        try:
            yield from self._train(run, recipe)
        except (StoreFull, StoreUnusable):
            raise  # the other members could not be kept either
        except KDError as error:
            self.store.runs.update(run, status="failed", error=told(error))

    def _train(self, run: str, recipe: Recipe) -> Iterator[None]:
        splits, teacher = self.workshop.splits(recipe), self.workshop.teacher(recipe)
        threads = self.workshop.describe(run, recipe)
        snapshot = self._snapshot(run, steps_per_epoch(len(splits.train), recipe.optim.batch))
        sweep = self.study.kind == "sweep"
        recorder = Recorder(self.store, run, recipe.optim.epochs, recipe.optim.patience, only_ends=sweep)

        def fit_one(wanted: Recipe) -> Iterator[Event]:
            return fit(wanted, splits, teacher, snapshot)

        def answers(wanted: Recipe) -> torch.Tensor:
            return predict(self.workshop.trained(wanted), self.workshop.splits(wanted).train)

        torch.set_num_threads(threads)
        for event in recipe.protocol.run(recipe, fit_one, answers):
            recorder.note(event)
            if wish := self.ask():
                recorder.leave(event)
                raise Ended(wish)
            if isinstance(event, EpochDone):
                yield
                torch.set_num_threads(threads)
        recorder.flush()

    def _snapshot(self, run: str, steps_per_epoch: int) -> dict[str, torch.Tensor] | None:
        """Return the last checkpoint, if any, after the store has forgotten all that came later."""
        kept = self.store.files.checkpoint(run)
        epoch = int(kept["progress"][0]) if kept else 0
        self.store.runs.rewind(run, epoch, epoch * steps_per_epoch)
        return {name: torch.from_numpy(values) for name, values in kept.items()} if kept else None

    def _judge_against_teacher(self, positions: set[int]) -> None:
        """Keep how far each student agrees with its teacher on the test split, from the stored logits."""
        places = [place for place in self._places() if place[0].position in positions]
        teachers = {
            member.recipe.fingerprint(): self._test_logits(row) for row, member in places if member.arm == "teacher"
        }
        of_cell = {str(row.cell): self._test_logits(row) for row, member in places if member.arm == "teacher"}
        for row, member in places:
            own = member.recipe.teacher
            teacher = teachers.get(own.fingerprint()) if own else of_cell.get(str(row.cell))
            student = self._test_logits(row)
            if member.arm == "teacher" or teacher is None or student is None:
                continue
            facts = {"agreement": agreement(student, teacher), "kl_to_teacher": float(kl_divergence(teacher, student))}
            self.store.studies.note_agreement(self.row.id, row.position, facts)

    def _test_logits(self, row: MemberRow) -> torch.Tensor | None:
        run = self.store.runs.get(row.run) if row.run else None
        if run is None or run.reported_epoch is None:
            return None
        logits = self.store.files.logits(run.id, run.reported_epoch)
        return None if logits is None else torch.from_numpy(logits)

    def _time_the_arms(self) -> None:
        """Time the arms of the first seed in turn, where all of them were trained."""
        first = [place for place in self._places() if place[0].seed == self.study.members[0].seed]
        if any(row.run is None or self.store.runs.get(row.run).status != "done" for row, _ in first):
            return
        networks = {str(member.arm): self.workshop.trained(member.recipe, row.run) for row, member in first}
        shape = self.workshop.source(first[0][1].recipe).train.shape
        timed = latencies(
            networks, shape, threads=1 if self.workshop.device.type == "cpu" else None, seconds=TIMING_SECONDS
        )
        rows: list[dict[str, Any]] = [{"arm": arm, **vars(one)} for arm, many in timed.items() for one in many]
        self.store.studies.update(self.row.id, latency=rows)


def _drain(steps: Iterator[Any]) -> None:
    for _ in steps:
        pass


def _outcome(store: Store, study: str) -> tuple[str, dict[str, Any] | None]:
    """Return how a study ended and the first trouble in it; a run that diverged is a result like any other."""
    found = store.studies.runs_of(study)
    errors = [found[position].error for position in sorted(found) if found[position].error]
    failed = any(run.status == "failed" for run in found.values())
    return "failed" if failed else "done", errors[0] if errors else None
