"""Cross-modal distillation: the teacher sees the image, the student something else of the same thing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from kd_core.events import Event
from kd_core.networks import Architecture, Network, Shape, ThroughView
from kd_core.protocols.base import Protocol
from kd_core.settings import setting

if TYPE_CHECKING:
    from kd_core.protocols.context import ProtocolContext
    from kd_core.recipe import Recipe


class CrossModal(Protocol):
    """The teacher sees the image, the student another view of the same thing, as a cheap sensor would give it.

    Every image has its other view, so the teacher can speak about what the student cannot see. Images without a label
    are as good for that as any: keep them with the setting of the data. The student alone sees the other view too.
    """

    title: ClassVar[str] = "Cross-modal"
    shapes_student: ClassVar[bool] = True
    can_be_forked: ClassVar[bool] = True
    source: ClassVar[str] = "Gupta, Hoffman, Malik 2016"

    name: Literal["cross_modal"] = "cross_modal"
    view: Literal["sums", "edges", "low_resolution"] = setting(
        "sums",
        title="What the student sees",
        description="The sums of rows and columns, as two light barriers would give them; edges; or a sensor with a "
        "quarter of the pixels a side.",
    )

    def run(self, recipe: Recipe, context: ProtocolContext) -> Iterator[Event]:
        """Yield the events of one loop; the student's network begins with its view."""
        yield from context.fit(recipe)

    def build_student(self, architecture: Architecture, shape: Shape, classes: int) -> Network:
        """Return the student behind its view."""
        return ThroughView(self.view, architecture, shape, classes)
