"""Offline distillation: the teacher is trained first and stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from kd_core.events import Event
from kd_core.protocols.base import Protocol

if TYPE_CHECKING:
    from kd_core.protocols.context import ProtocolContext
    from kd_core.recipe import Recipe


class Offline(Protocol):
    """One fixed teacher, or none: the network of the recipe is trained once."""

    can_be_lane: ClassVar[bool] = True
    can_be_forked: ClassVar[bool] = True

    name: Literal["offline"] = "offline"

    def run(self, recipe: Recipe, context: ProtocolContext) -> Iterator[Event]:
        """Yield the events of one loop."""
        yield from context.fit(recipe)
