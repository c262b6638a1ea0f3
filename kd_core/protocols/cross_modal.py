"""Cross-modal distillation: the teacher sees the image, the student something else of the same thing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from kd_core.events import Event
from kd_core.networks import Architecture, Network, Shape, ThroughView, view_shape
from kd_core.protocols.base import Protocol, ProtocolCode
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

    def code(self, recipe: Recipe, shape: Shape) -> ProtocolCode:
        """Return the view as a function, and a student that looks through it."""
        return ProtocolCode(wrapper=_VIEWS[self.view] + _THROUGH_VIEW, shape=view_shape(self.view, shape))


_VIEWS = {
    "sums": """\
def view(images):
    \"\"\"Return the means over columns and over rows, (N, C, 2, longer side).\"\"\"
    means = images.mean(3), images.mean(2)
    longest = max(values.shape[-1] for values in means)
    return torch.stack([F.pad(values, (0, longest - values.shape[-1])) for values in means], 2)
""",
    "edges": """\
def view(images):
    \"\"\"Return how steep the image is at each pixel, by Sobel's two filters.\"\"\"
    steps = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 4
    channels = images.shape[1]
    across, along = (kernel.expand(channels, 1, 3, 3) for kernel in (steps, steps.T))
    slopes = [F.conv2d(images, kernel, padding=1, groups=channels) for kernel in (across, along)]
    return (slopes[0].square() + slopes[1].square() + 1e-6).sqrt()
""",
    "low_resolution": """\
def view(images):
    \"\"\"Return the image with a quarter of the pixels a side.\"\"\"
    return F.adaptive_avg_pool2d(images, [max(2, side // 4) for side in images.shape[2:]])
""",
}

_THROUGH_VIEW = """

class Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = StudentNetwork()

    def forward(self, images):
        return self.inner(view(images))
"""
