"""The store of the recorded evidence: it trains what is missing, goes on with what was stopped, and reads logits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kd_core.errors import RunBusy
from kd_core.experiments import StudyContext
from kd_core.jobs import carry_out, mark_lost
from kd_core.recipe import Member, Recipe, Study
from kd_core.results import finished_members
from kd_core.store import Store
from kd_core.vocabulary import RESUMABLE


class Trained(NamedTuple):
    """A network that came to its end."""

    arm: str
    seed: int
    recipe: Recipe
    run: str
    epoch: int


class Trials:
    """What the experiments ask for.

    Args:
        home: of a store that outlives a stopped run.
        data_root: where torchvision's datasets lie.
    """

    def __init__(self, home: Path, data_root: Path) -> None:
        self.store, self.data_root = Store(home), data_root
        self.context = StudyContext(self.store, data_root, "cpu")

    def trained(self, name: str, members: Sequence[Member]) -> list[Trained]:
        """Return the networks of a study: found, or trained now, from its last checkpoint where there is one.

        Raises:
            SystemExit: it was interrupted, failed, or is trained by another process; the same command goes on.
        """
        study = Study(members=tuple(members), seeds=len({one.seed for one in members}))
        mark_lost(self.store)
        known = [row for row in self.store.studies.list() if row.spec == study.to_json()]
        if not known:
            found = self.store.studies.add(study, name=name, status="running")
        else:
            found = known[0].id
            if known[0].status in RESUMABLE:
                self.store.studies.ask_resume(found, status="running")
        if self.store.studies.get(found).status != "done":
            try:
                carry_out(self.store, found, self.data_root)
            except RunBusy as error:
                raise SystemExit(f"{name}: {error}") from error
        row = self.store.studies.get(found)
        if row.status != "done":
            why = row.error["sentence"] if row.error else "The same command goes on from here."
            raise SystemExit(f"{name}: {row.status}. {why}")
        return [
            Trained(place.member.arm, place.member.seed, members[place.member.position].recipe, place.run.id, epoch)
            for place in finished_members(self.store, found)
            if (epoch := place.run.reported_epoch) is not None
        ]

    def logits(self, one: Trained, part: str = "test") -> Any:
        """Return (N, K) logits of validation or test after the reported epoch."""
        return self.store.files.logits(one.run, one.epoch, part)

    def told(self, one: Trained, subject: str) -> dict[str, Any] | None:
        """Return the last of what a run noted about a subject, or None."""
        notes = self.store.runs.notes([one.run], subject)
        return notes[-1].facts if notes else None

    def right(self, one: Trained) -> Any:
        """Return (N,) bool, whether each test image is told right."""
        return self.logits(one).argmax(-1) == self.labels(one.recipe)

    def labels(self, recipe: Recipe, part: str = "test") -> Any:
        """Return (N,) labels of test, or of validation as the recipe's seed cuts it."""
        splits = self.context.splits(recipe)
        return np.asarray((splits.test if part == "test" else splits.validation).labels)


def members(recipe: Recipe, seeds: int, arms: Sequence[str], one_teacher: bool = False) -> list[Member]:
    """Return some arms of a recipe for seeds 0 .. seeds - 1.

    Args:
        recipe: the distilled student's.
        seeds: how many.
        arms: of "teacher", "alone" and "distilled".
        one_teacher: the recipe's own teacher, seed included, teaches all seeds.
    """
    found = []
    for seed in range(seeds):
        one = recipe.seeded(seed)
        one = one.model_copy(update={"teacher": recipe.teacher}) if one_teacher else one
        recipes = {"teacher": one.teacher, "alone": one.baseline(), "distilled": one.without_unused_teacher()}
        found += [Member.from_json({"arm": arm, "seed": seed, "recipe": recipes[arm]}) for arm in arms]
    return found
