"""What every protocol shares: frozen settings, and a generator that says who teaches whom."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kd_core.events import Event
from kd_core.networks import Architecture, Network, Shape
from kd_core.settings import Settings

if TYPE_CHECKING:
    from kd_core.protocols.context import ProtocolContext
    from kd_core.recipe import Recipe

SEED_STRIDE = 1000
"""How far apart the seeds of networks lie that are alike but for their seed."""


@dataclass(frozen=True)
class ProtocolCode:
    """How a protocol arranges networks, in plain PyTorch, for the script that a person takes along.

    Args:
        train: lines that leave the trained student in ``distilled``; ``{student}`` stands for a fresh student,
            ``{options}`` for how it is trained. They may use ``seed``, ``teacher``, ``loss``, ``labels_loss``,
            ``build``, ``train``, ``learning_images`` and the classes ``Teacher``, ``Student``, ``Other1``, ...
        definitions: functions and classes that stand before.
        loss_begins: lines at the beginning of the loss, which has the teacher's outputs as ``teacher``.
        wrapper: the class that the student's network, ``Student``, is put into; nothing for none.
        shape: of what the student sees, (C, H, W); None for the images themselves.
        features: whether it needs the networks' features.
        own_loop: whether the student is trained by a loop in ``definitions``, where marked lines are chosen as in
            ``kd_core.script`` and ``{together}`` stands for further parameters.
    """

    train: str = "distilled = train({student}, loss, learning_images(seed, **SEEN), seed, teacher=teacher, {options})\n"
    definitions: str = ""
    loss_begins: str = ""
    wrapper: str = ""
    shape: Shape | None = None
    features: bool = False
    own_loop: bool = False


class Protocol(Settings):
    """A way of arranging networks; it never imports the loop, which a context hands it.

    The subclass's docstring is its text on the methods page: the first line says what it does.
    """

    can_be_lane: ClassVar[bool] = False
    """Whether it is one network in one loop, so that many recipes of it can be lanes of the same loop."""
    needs_teacher: ClassVar[bool] = True
    """Whether somebody trained before teaches; otherwise a recipe needs no teacher, whatever its method."""
    shapes_student: ClassVar[bool] = False
    """Whether the student alone, to be comparable, must be arranged in this way too."""
    needs_teacher_term: ClassVar[bool] = False
    """Whether it makes no sense with a method that listens to nobody."""
    logits_only: ClassVar[bool] = False
    """Whether what networks pass on are logits, so that a method that compares features has nothing to compare."""
    copies_layers: ClassVar[bool] = True
    """Whether a student may begin with layers of its teacher."""
    stops_early: ClassVar[bool] = True
    """Whether a network may stop while others go on."""
    arranges_networks: ClassVar[bool] = False
    """Whether the recipe's further networks have a part in it, such as assistants or peers."""
    students_see: ClassVar[Literal["own data", "public images", "made-up images"]] = "own data"
    """From which images the student learns."""
    recommended: ClassVar[Mapping[str, Any]] = {}
    """What else of a recipe its source sets, by path."""
    abbreviation: ClassVar[str] = ""
    """What the literature calls it in short, e.g. "DKD"; shown behind its title."""
    source: ClassVar[str] = ""
    """Authors and year."""

    @abstractmethod
    def run(self, recipe: Recipe, context: ProtocolContext) -> Iterator[Event]:
        """Carry out ``recipe``, yielding every event of its own network's loop."""

    def build_student(self, architecture: Architecture, shape: Shape, classes: int) -> Network:
        """Return a fresh student for images of ``shape`` (C, H, W), as this protocol arranges it."""
        return architecture.build(shape, classes)

    def steps_per_epoch(self, plain: int, batch: int) -> int:
        """Return about how many steps an epoch has, where a plain student would take ``plain`` of ``batch`` images."""
        return plain

    def check_images(self, labelled: int, unlabelled: int) -> None:
        """Refuse too few training images.

        Args:
            labelled: how many have a label.
            unlabelled: how many are there without one.

        Raises:
            InvalidSetting: a setting of the protocol that so few cannot meet.
        """

    def code(self, recipe: Recipe, shape: Shape) -> ProtocolCode | None:
        """Return how the script of a recipe arranges its networks, for images of ``shape``; None without one."""
        return None

    @property
    def relative_cost(self) -> float:
        """Return about how many times the work of a plain student's step a step is."""
        return 1.0

    def prerequisites(self, recipe: Recipe) -> tuple[Recipe, ...]:
        """Return the recipes whose networks must be trained first, beside the teacher's, in this order."""
        return ()
