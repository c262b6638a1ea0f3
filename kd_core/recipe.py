"""Recipe: everything that decides a result, and nothing else; Study: recipes that belong together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from kd_core.axes import Axis, drawn, grid
from kd_core.datasets import DATASETS, Dataset
from kd_core.datasets.conditions import Conditions
from kd_core.errors import FeatureMissing, InvalidSetting, RecipeMismatch, TeacherMissing
from kd_core.methods import METHODS, Method
from kd_core.methods.labels_only import LabelsOnly
from kd_core.networks import NETWORKS, Architecture
from kd_core.protocols import PROTOCOLS, Protocol
from kd_core.protocols.offline import Offline
from kd_core.schedules import AnySchedule
from kd_core.settings import Settings, lane_fields, name_of, setting

if TYPE_CHECKING:
    AnyDataset: TypeAlias = Dataset
    AnyNetwork: TypeAlias = Architecture
    AnyMethod: TypeAlias = Method
    AnyProtocol: TypeAlias = Protocol
else:
    AnyDataset, AnyNetwork = DATASETS.union(), NETWORKS.union()
    AnyMethod, AnyProtocol = METHODS.union(), PROTOCOLS.union()

Arm = Literal["teacher", "alone", "distilled"]


class Data(Conditions):
    """What a network may learn from: a dataset, and how much of it, how clean."""

    source: AnyDataset


class Optim(Settings):
    """How the loss is made smaller."""

    algorithm: Literal["adam", "adamw", "sgd"] = setting("adam", title="Optimiser")
    lr: float = setting(0.001, title="Learning rate", gt=0, le=10, lane=True, scale="log")
    lr_schedule: Literal["constant", "cosine"] = setting(
        "constant", title="Learning rate over time", description="Cosine falls to 0 at the end of training."
    )
    momentum: float = setting(0.9, title="Momentum", description="Of SGD only.", ge=0, lt=1)
    weight_decay: float = setting(0.0, title="Weight decay", ge=0, le=1, lane=True, scale="log")
    batch: int = setting(64, title="Batch size", unit="images", ge=1, le=8192)
    epochs: int = setting(10, title="Epochs", ge=1, le=2000)
    patience: int | None = setting(
        None,
        title="Early stopping",
        description="Stop after this many epochs without a better validation accuracy and report the best epoch; "
        "empty means never.",
        unit="epochs",
        ge=1,
    )


def _without_none(values: Any) -> Any:
    return {name: value for name, value in values.items() if value is not None} if isinstance(values, dict) else values


class Recipe(Settings):
    """Everything that decides a result.

    Args:
        student: the network that this recipe trains; a teacher's recipe trains the teacher.
        schedules: by the name of a method's setting, how it moves over the epochs.
        teacher: the recipe of the network that teaches, if any.
    """

    data: Data
    student: AnyNetwork
    method: AnyMethod = LabelsOnly()
    protocol: AnyProtocol = Offline()
    schedules: Annotated[dict[str, AnySchedule], BeforeValidator(_without_none)] = Field(default_factory=dict)
    optim: Optim = Optim()
    teacher: Recipe | None = None
    seed: int = setting(0, title="Seed", ge=0, le=2**31)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        self._check_schedules()
        if self.method.needs_teacher:
            if self.teacher is None:
                raise TeacherMissing(method=name_of(self.method))
            if self.teacher.data.source != self.data.source:
                raise RecipeMismatch(reason="Teacher and student must look at the same dataset, normalised alike.")
            self._check_features(self.teacher.student)
        self._check_features(self.student)
        return self

    def _check_features(self, network: Architecture) -> None:
        if missing := self.method.needs - network.provides:
            needed = ", ".join(sorted(missing))
            raise FeatureMissing(method=name_of(self.method), needed=needed, network=name_of(network))

    def _check_schedules(self) -> None:
        for name in self.schedules:
            if name not in lane_fields(type(self.method)):
                reason = f"the method '{name_of(self.method)}' has no setting '{name}' that may be scheduled."
                raise InvalidSetting(path=f"schedules.{name}", value=name_of(self.schedules[name]), reason=reason)
            start = getattr(self.method, name)
            for epoch in (0, self.optim.epochs - 1) if start is not None else ():
                reached = self.schedules[name].value(start, epoch, self.optim.epochs)
                self.method.changed({name: reached})  # refuses what the setting itself would refuse

    def changed(self, changes: Mapping[str, Any]) -> Recipe:
        """Return a checked copy; another dataset is the teacher's too, and schedules go that a new method lacks.

        Raises:
            InvalidSetting: a path that does not exist, or a value out of range.
        """
        method = changes.get("method")
        new_method = str(method.get("name") if isinstance(method, dict) else method)
        if new_method in METHODS:
            known = lane_fields(METHODS[new_method])
            gone = {f"schedules.{name}": None for name in self.schedules if name not in known}
            changes = {**gone, **changes}
        if "data.source.path" in changes:  # another folder holds other files
            changes = {"data.source.content": "", **changes}
        both = {f"teacher.{path}": value for path, value in changes.items() if path.startswith("data.source")}
        return super().changed(({} if self.teacher is None else both) | dict(changes))

    def seeded(self, seed: int) -> Recipe:
        """Return the same recipe with another seed, for its teacher too."""
        teacher = self.teacher and self.teacher.seeded(seed)
        return self.model_copy(update={"seed": seed, "teacher": teacher})

    def alone(self) -> Recipe:
        """Return the baseline: the same network, data, optimiser and seed with labels only and no teacher."""
        return self.model_copy(update={"method": LabelsOnly(), "schedules": {}, "teacher": None})

    def without_idle_teacher(self) -> Recipe:
        """Return the recipe without a teacher that its method does not listen to."""
        return self if self.method.needs_teacher else self.model_copy(update={"teacher": None})


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
        base: of a sweep, the distilled student's recipe that every cell changes.
        axes: of a sweep, the values by path.
        cells: of a sweep, the changes of each cell by path; a grid's, or drawn at random.
        members: in the order of training; a teacher comes before its students. A sweep's follow from its cells.
    """

    kind: Literal["race", "sweep"] = "race"
    preset: str = ""
    seeds: int = setting(1, title="Seeds", ge=1, le=1000)
    one_teacher: bool = False
    base: Recipe | None = None
    axes: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    cells: tuple[dict[str, Any], ...] = ()
    members: tuple[Member, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _members_of_cells(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or values.get("base") is None or values.get("members"):
            return values
        base, cells = values["base"], values.get("cells", ())
        base = base if isinstance(base, Recipe) else Recipe.checked(base)
        seeds = range(values.get("seeds", 1))
        changed = [(base.changed(cell), cell) for cell in cells]
        return {
            **values,
            "members": [m for seed in seeds for one, cell in changed for m in _trio(one.seeded(seed), cell, seed)],
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
        keep = {"teacher": recipe.teacher} if one_teacher else {}
        recipes = [recipe.seeded(seed).model_copy(update=keep) for seed in range(seeds)]
        trios = [_trio(one, {}, seed) for seed, one in enumerate(recipes)]
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
        cells = grid(axes) if random is None else drawn(axes, random)
        values = {path: tuple(dict.fromkeys(cell[path] for cell in cells)) for path in axes}
        return cls.checked(
            {"kind": "sweep", "preset": preset, "seeds": seeds, "base": recipe, "axes": values, "cells": cells}
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; members that follow from the cells are left out, for there are many."""
        exclude = {"members"} if self.base is not None else None
        return self.model_dump(mode="json", exclude=exclude)


def _trio(recipe: Recipe, cell: dict[str, Any], seed: int) -> list[Member]:
    if recipe.teacher is None:
        raise RecipeMismatch(reason="A race needs a teacher to compare with; this recipe names none.")
    arms: list[tuple[Arm, Recipe]] = [
        ("teacher", recipe.teacher),
        ("alone", recipe.alone()),
        ("distilled", recipe.without_idle_teacher()),
    ]
    return [Member(arm=arm, seed=seed, recipe=member, cell=cell) for arm, member in arms]
