"""The store of the evidence: it trains what is missing piece by piece, goes on with what was stopped, reads logits."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kd_core import Recipe, Study
from kd_core.datasets import Conditions, prepare
from kd_core.errors import RunBusy
from kd_core.experiments import StudyContext
from kd_core.jobs import carry_out, wait_for_lost
from kd_core.recipe import Member
from kd_core.results import finished_members
from kd_core.store import EpochRow, Store
from kd_core.vocabulary import RESUMABLE

JPEGS = "cifar10-jpeg.zip"


class Trained(NamedTuple):
    """A network that came to its end."""

    seed: int
    recipe: Recipe
    run: str
    epoch: int


class OutOfHours(Exception):
    """A claim has used up its budget of hours and is not complete."""


class TrialBroke(Exception):
    """A piece of a claim failed or diverged, and its figures cannot be made."""


class DataAbsent(Exception):
    """A claim needs data that is not on this machine."""


class Trials:
    """What the trials ask for: networks that were trained, or numbers that were computed, piece by piece.

    While it only ``looks``, nothing is trained: what is not there yet is counted, and stands as an empty list.

    Args:
        home: of a store that outlives a stopped run.
        data_root: where datasets lie.
        looks: only count.

    Attributes:
        pieces: how many runs and computed numbers the claim at hand has, as far as it was asked for.
        done: how many of these are there.
        complete: whether everything that was asked for can be read.
    """

    def __init__(self, home: Path, data_root: Path, looks: bool = False) -> None:
        self.store, self.data_root, self.looks = Store(home), data_root, looks
        self.context = StudyContext(self.store, data_root, "auto")
        self._validation: dict[str, Any] = {}
        self.clock = time.process_time if self.context.device.type == "cpu" else time.perf_counter
        self.claim, self.budget = "", float("inf")
        self.pieces = self.done = 0
        self.complete = True

    def begin(self, claim: str, budget: float) -> None:
        """Turn to a claim, which may use ``budget`` hours in all, of one core, or of a GPU where there is one."""
        self.claim, self.budget, self.pieces, self.done, self.complete = claim, budget, 0, 0, True

    @property
    def hours(self) -> float:
        """Return how many hours of a core the claim at hand has used."""
        return float(self.store.fact(f"evidence-hours-{self.claim}", 0.0))

    def trained(
        self,
        name: str,
        recipes: Mapping[str, Recipe],
        seeds: int | Sequence[int],
        *,
        one_teacher: bool = False,
        by_seed: bool = False,
    ) -> dict[str, list[Trained | None]]:
        """Return by arm a network a seed, trained now where it was not before; None where training diverged.

        Args:
            name: of the study in the store.
            recipes: by arm; a recipe's teacher is trained with it.
            seeds: how many, from 0, or which.
            one_teacher: the recipes' own teachers, seeds included, teach all seeds.
            by_seed: one study a seed, for networks that cannot be lanes.

        Raises:
            OutOfHours: the claim's budget is used up.
            TrialBroke: a run of it failed.
            SystemExit: it was interrupted, or is trained by another process; the same command goes on.
        """
        wanted = list(range(seeds)) if isinstance(seeds, int) else list(seeds)
        by_arm: dict[str, list[Trained | None]] = {arm: [] for arm in recipes}
        for some in [[seed] for seed in wanted] if by_seed else [wanted]:
            members = [member for seed in some for member in _members(recipes, seed, one_teacher)]
            study = self._carried(f"{self.claim}: {name}", members)
            if study is None:
                continue
            places = {place.member.fingerprint: place for place in finished_members(self.store, study)}
            for seed in some:
                for arm, recipe in recipes.items():
                    own = _seeded(recipe, seed, one_teacher)
                    place = places.get(own.fingerprint())
                    epoch = None if place is None else place.run.reported_epoch
                    by_arm[arm].append(
                        None if place is None or epoch is None else Trained(seed, own, place.run.id, epoch)
                    )
        return by_arm

    def computed(self, name: str, seeds: int, make: Callable[[int], dict[str, float]]) -> list[dict[str, float]]:
        """Return numbers that are no run of the engine, by seed: computed now, or kept from before.

        Args:
            name: under which they are kept; another name where anything about them changes.
            seeds: how many.
            make: from a seed to numbers.

        Raises:
            OutOfHours: the claim's budget is used up.
        """
        found = []
        for seed in range(seeds):
            path = self.store.home / "computed" / f"{name}-{seed}.json"
            self.pieces += 1
            if path.exists():
                self.done += 1
                found.append(json.loads(path.read_text("utf-8")))
            elif self.looks:
                self.complete = False
            else:
                self._check_budget()
                began = self.clock()
                numbers = make(seed)
                path.parent.mkdir(exist_ok=True)
                partial = path.with_suffix(".partial")
                partial.write_text(json.dumps(numbers), "utf-8")
                partial.replace(path)
                self._count_hours(began)
                self.done += 1
                found.append(numbers)
        return found

    def _carried(self, name: str, members: Sequence[Member]) -> str | None:
        """Return the study in which all members came to their end; None where it has not and we only look."""
        study = Study(kind="sweep", members=tuple(members), seeds=len({member.seed for member in members}))
        spec = study.to_json()
        known = next((row for row in self.store.studies.list() if row.name == name and row.spec == spec), None)
        pieces = {member.recipe.fingerprint() for member in members}
        self.pieces += len(pieces)
        if known is not None and known.status == "done":
            self.done += len(pieces)
            return known.id
        if self.looks:
            self.done += len(self.store.runs.finished_among(pieces))
            self.complete = False
            return None
        self._check_budget()
        self._carry_out(name, study, known.id if known else "")
        self.done += len(pieces)
        return next(row.id for row in self.store.studies.list() if row.name == name and row.spec == spec)

    def _carry_out(self, name: str, study: Study, known: str) -> None:
        if known:
            wait_for_lost(self.store, known)
            if self.store.studies.get(known).status in RESUMABLE:
                self.store.studies.ask_resume(known, status="running")
        began, study_id = self.clock(), known or self.store.studies.add(study, name=name, status="running")
        try:
            carry_out(self.store, study_id, self.data_root)
        except RunBusy as error:
            raise SystemExit(f"{name}: {error}") from error
        finally:
            self._count_hours(began)
        row = self.store.studies.get(study_id)
        if row.status in ("failed", "lost"):
            raise TrialBroke(f"{name}: {row.error['sentence'] if row.error else row.status}")
        if row.status != "done":
            raise SystemExit(f"{name}: {row.status}. The same command goes on from here.")

    def _check_budget(self) -> None:
        if self.hours >= self.budget:
            raise OutOfHours(f"{self.claim}: {self.hours:.1f} hours of a core are used, {self.budget:g} were set")

    def _count_hours(self, began: float) -> None:
        spent = self.hours + (self.clock() - began) / 3600
        self.store.set_fact(f"evidence-hours-{self.claim}", spent)

    def needs(self, folder: str) -> None:
        """Make sure that a folder lies in the data folder.

        Raises:
            DataAbsent: it does not.
        """
        if not (self.data_root / folder).is_dir():
            raise DataAbsent(f"{folder} is not in {self.data_root}")

    def cifar10(self) -> dict[str, Any]:
        """Return the settings of CIFAR-10: torchvision's files, or else JPEGs, unpacked once beside the store.

        Raises:
            DataAbsent: neither lies in the data folder.
        """
        scale = {"mean": [0.4914, 0.4822, 0.4465], "sd": [0.247, 0.2435, 0.2616]}
        if (self.data_root / "cifar-10-batches-py").is_dir():
            return {"name": "cifar10", **scale}
        folder, packed = self.store.home / "cifar10", self.data_root / JPEGS
        if not folder.is_dir():
            if not packed.is_file():
                raise DataAbsent(f"neither cifar-10-batches-py nor {JPEGS} is in {self.data_root}")
            partial = self.store.home / "cifar10.partial"
            with zipfile.ZipFile(packed) as archive:
                archive.extractall(partial)
            partial.rename(folder)
        return {"name": "image_folder", "path": str(folder), "size": 32, **scale}

    def logits(self, network: Trained, part: str = "test") -> Any:
        """Return (N, K) logits of validation or test after the reported epoch."""
        return self.store.files.logits(network.run, network.epoch, part)

    def noted(self, network: Trained, subject: str) -> dict[str, Any] | None:
        """Return the last of what a run noted about a subject, or None."""
        notes = self.store.runs.notes([network.run], subject)
        return notes[-1].facts if notes else None

    def right(self, network: Trained, part: str = "test") -> Any:
        """Return (N,) bool, whether each image is told right."""
        return self.logits(network, part).argmax(-1) == self.labels(network.recipe, part)

    def labels(self, recipe: Recipe, part: str = "test") -> Any:
        """Return (N,) labels of test, or of validation as the recipe's seed cuts it; no image is kept for it."""
        dataset = self.context.dataset(recipe)
        if part == "test":
            return np.asarray(dataset.test.labels)
        key = f"{recipe.data.source.fingerprint()}/{recipe.seed}"
        if key not in self._validation:
            whole = Conditions().model_copy(update={"question": recipe.data.question})
            self._validation[key] = np.asarray(prepare(whole, dataset, recipe.seed).validation.labels)
        return self._validation[key]

    def curve(self, network: Trained) -> Sequence[EpochRow]:
        """Return all epochs of a run with their scores."""
        return self.store.runs.epochs([network.run])


def _members(recipes: Mapping[str, Recipe], seed: int, one_teacher: bool) -> list[Member]:
    """Return the members of one seed: every line of teachers first, then the arms, each recipe once."""
    members: dict[str, Member] = {}
    seeded = [_seeded(recipe, seed, one_teacher) for recipe in recipes.values()]
    for recipe in seeded:
        line, teacher = [], recipe.teacher
        while teacher is not None:
            line.append(teacher)
            teacher = teacher.teacher
        for above in reversed(line):
            arm = "teacher" if above.teacher is None else "helper"
            members.setdefault(above.fingerprint(), Member.from_json({"arm": arm, "seed": seed, "recipe": above}))
    for recipe in seeded:
        arm = "alone" if recipe.teacher is None else "distilled"
        members.setdefault(recipe.fingerprint(), Member.from_json({"arm": arm, "seed": seed, "recipe": recipe}))
    return list(members.values())


def _seeded(recipe: Recipe, seed: int, one_teacher: bool) -> Recipe:
    seeded = recipe.seeded(seed)
    seeded = seeded.model_copy(update={"teacher": recipe.teacher}) if one_teacher else seeded
    return seeded.without_unused_teacher()
