"""Study: recipes that belong together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, Literal

from pydantic import Field, model_validator

from kd_core.errors import KDError, Reason, RecipeMismatch
from kd_core.recipe.recipe import Recipe
from kd_core.recipe.techniques import technique_changes
from kd_core.settings import Axis, Settings, grid_cells, random_cells, setting
from kd_core.vocabulary import TECHNIQUE_KEY, Arm


class Member(Settings):
    """One recipe's place in a study.

    Args:
        arm: its part in the comparison.
        seed: of the pair it belongs to; a teacher that all seeds share has a seed of its own in its recipe.
        cell: the values on the axes of a sweep, by path.
    """

    arm: Arm
    recipe: Recipe
    seed: int = 0
    cell: dict[str, Any] = Field(default_factory=dict)


class Study(Settings):
    """Recipes that belong together.

    Args:
        kind: how they are compared.
        preset: the preset it started from.
        one_teacher: all seeds learn from the same trained teacher, so the interval leaves the teacher's own luck out.
        base: of a sweep or a method race, the distilled student's recipe that every cell changes.
        axes: of a sweep, the values by path.
        cells: of a sweep, the changes of each cell by path, a grid's, or drawn at random; of a method race, the
            techniques.
        refused: techniques that do not fit these networks, with the sentence that says why.
        members: in the order of training; a teacher comes before its students. They follow from the cells.
    """

    kind: Literal["race", "sweep", "compare"] = "race"
    preset: str = ""
    seeds: int = setting(1, title="Seeds", ge=1, le=1000)
    one_teacher: bool = False
    base: Recipe | None = None
    axes: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    cells: tuple[dict[str, Any], ...] = ()
    refused: dict[str, str] = Field(default_factory=dict)
    members: tuple[Member, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _members_of_cells(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or values.get("base") is None or values.get("members"):
            return values
        base, cells = values["base"], values.get("cells", ())
        base = base if isinstance(base, Recipe) else Recipe.from_json(base)
        seeds = range(values.get("seeds", 1))
        changed = [(base.changed(_changes(cell, base)), cell) for cell in cells]
        return {
            **values,
            "members": [
                m for seed in seeds for distilled, cell in changed for m in _arms(distilled.seeded(seed), cell, seed)
            ],
        }

    @classmethod
    def race(cls, recipe: Recipe, seeds: int = 1, preset: str = "", one_teacher: bool = False) -> Study:
        """Return teacher, student alone and distilled student for seeds 0 .. seeds - 1.

        Args:
            recipe: the distilled student's.
            seeds: how many; each has a teacher of its own seed.
            preset: the preset it started from.
            one_teacher: the recipe's teacher as it is, seed included, teaches all seeds: an earlier run.

        Raises:
            RecipeMismatch: the recipe names no teacher to race with.
        """
        recipes = [recipe.seeded(seed, same_teacher=one_teacher) for seed in range(seeds)]
        trios = [_arms(distilled, {}, seed) for seed, distilled in enumerate(recipes)]
        members = [member for trio in trios for member in trio]
        return cls(preset=preset, seeds=seeds, one_teacher=one_teacher, members=tuple(members))

    @classmethod
    def sweep(
        cls, recipe: Recipe, axes: Mapping[str, Axis], seeds: int = 1, preset: str = "", random: int | None = None
    ) -> Study:
        """Return a trio for every cell and every seed; equal recipes of several cells are one run.

        Args:
            recipe: the distilled student's, which the cells change.
            axes: by path, values, or a range to draw from.
            seeds: of every cell.
            preset: the preset it started from.
            random: how many cells to draw; None for the whole grid.

        Raises:
            InvalidSetting: an axis without values, a range in a grid, or a value out of range.
        """
        cells = grid_cells(axes) if random is None else random_cells(axes, random)
        values = {path: _different(cell[path] for cell in cells) for path in axes}
        return cls.from_json(
            {"kind": "sweep", "preset": preset, "seeds": seeds, "base": recipe, "axes": values, "cells": cells}
        )

    @classmethod
    def compare(cls, recipe: Recipe, names: Sequence[str], seeds: int = 1, preset: str = "") -> Study:
        """Return a method race: a trio for every technique and seed, all with one budget and one student.

        Args:
            recipe: the distilled student's.
            names: of ``technique_names()``; those that do not fit the recipe's networks are refused, the others race.
            seeds: of each.
            preset: the preset it started from.

        Raises:
            UnknownName: a technique that does not exist.
            RecipeMismatch: none of them fits.
        """
        recipe = recipe.offline()  # a technique that arranges networks names its protocol itself
        fits, refused, reasons = [], {}, []
        for name in dict.fromkeys(names):
            changes = technique_changes(name, recipe.method)
            try:
                recipe.changed(changes)
                fits.append({TECHNIQUE_KEY: name})
            except KDError as error:
                refused[name] = str(error)
                reasons.append(error.as_reason())
        if not fits:
            empty = Reason("no_technique", "A method race needs at least one technique.")
            raise RecipeMismatch(reason=reduce(_one_after_another, reasons) if reasons else empty)
        return cls.from_json(
            {"kind": "compare", "preset": preset, "seeds": seeds, "base": recipe, "cells": fits, "refused": refused}
        )

    def forked(self, epoch: int, changes: Mapping[str, Any]) -> Study:
        """Return the race whose distilled students leave this one's after some epochs, those of all seeds alike.

        Args:
            epoch: how many epochs are trained as here.
            changes: of the distilled students' recipes, by path.

        Raises:
            InvalidSetting: an epoch that is not within the run, or a value out of range.
            RecipeMismatch: no race, a change of what cannot move in mid-run, or a protocol that cannot be forked.
        """
        if self.kind != "race":
            words = "Only a race can go on from mid-run with other settings; a map or a method race already has many."
            raise RecipeMismatch(reason=Reason("only_races_fork", words))
        members = [
            m.model_copy(update={"recipe": m.recipe.forked(epoch, changes)}) if m.arm == "distilled" else m
            for m in self.members
        ]
        return self.model_copy(update={"members": tuple(members)})

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; members that follow from the cells are left out, for there are many."""
        exclude = {"members"} if self.base is not None else None
        return self.model_dump(mode="json", exclude=exclude)


def _different(values: Iterable[Any]) -> tuple[Any, ...]:
    by_key: dict[Hashable, Any] = {}
    for value in values:
        by_key.setdefault(value if isinstance(value, Hashable) else repr(value), value)
    return tuple(by_key.values())


def _one_after_another(first: Reason, then: Reason) -> Reason:
    return Reason("one_after_another", "{first} {then}", first=first, then=then)


def _changes(cell: dict[str, Any], base: Recipe) -> dict[str, Any]:
    """Return what a cell changes in the base: its own values by path, or those of the technique it names."""
    return technique_changes(cell[TECHNIQUE_KEY], base.method) if TECHNIQUE_KEY in cell else cell


def _arms(wanted: Recipe, cell: dict[str, Any], seed: int) -> list[Member]:
    recipe = wanted.with_resolved_lr()
    if recipe.teacher is None:
        words = "A race needs a teacher to compare with; this recipe names none."
        raise RecipeMismatch(reason=Reason("race_without_teacher", words))
    # Logits in a file speak about training images alone: there is no network to train or to test.
    teacher = [] if recipe.teacher.given_logits is not None else [recipe.teacher]
    arms: list[tuple[Arm, Recipe]] = [
        *(("teacher", network) for network in teacher),
        *(("helper", helper) for helper in recipe.protocol.prerequisites(recipe)),
        ("alone", recipe.baseline()),
        ("distilled", recipe.without_unused_teacher()),
    ]
    return [Member(arm=arm, seed=seed, recipe=member, cell=cell) for arm, member in arms]
