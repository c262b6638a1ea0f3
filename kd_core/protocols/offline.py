"""Offline distillation: the teacher is trained first and stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from kd_core.events import Event
from kd_core.protocols.base import Protocol, ProtocolCode

if TYPE_CHECKING:
    from kd_core.networks import Shape
    from kd_core.protocols.context import ProtocolContext
    from kd_core.recipe import Recipe


class Offline(Protocol):
    """One fixed teacher, or none: the network of the recipe is trained once."""

    can_be_lane: ClassVar[bool] = True

    name: Literal["offline"] = "offline"

    def run(self, recipe: Recipe, context: ProtocolContext) -> Iterator[Event]:
        """Yield the events of one loop."""
        yield from context.fit(recipe)

    def code(self, recipe: Recipe, shape: Shape) -> ProtocolCode:
        """Return that one teacher stands still, or that there is none."""
        listens = recipe.method.needs_teacher or recipe.start != "scratch"
        taught, alone = ProtocolCode(), ProtocolCode(train=ProtocolCode.train.replace(" teacher=teacher,", ""))
        return taught if recipe.teacher and listens else alone
