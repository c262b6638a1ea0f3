"""What every protocol shares: frozen settings, and a generator that says who teaches whom."""

from __future__ import annotations

import typing
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from torch import Tensor

from kd_core.events import Event
from kd_core.settings import Settings

PEER_SEEDS = 1000
"""How far apart the seeds of networks lie that are alike but for their seed."""


class Fit(typing.Protocol):
    """The loop, handed in by ``runs``: called, it trains the network of a recipe and yields its events.

    Its parts are there for protocols that arrange several networks or make their own lessons; ``speed`` is how a
    step is taken fastest on this machine.
    """

    speed: Any

    def __call__(self, recipe: Any) -> Iterator[Event]:
        """Train the network of a recipe, yielding events."""

    def splits(self, recipe: Any) -> Any:
        """Return train, validation and test as a recipe sees them."""

    def teachers(self, recipe: Any, further: Sequence[Any] = ()) -> Any:
        """Return the trained network of the recipe's teacher; answers of ``further`` ones are its heads, by number."""

    def asked(self, recipe: Any, network: Any) -> dict[str, Any]:
        """Return by part what a network says about a recipe's ``validation`` and ``test``: Outputs without features."""

    def learner(
        self, recipe: Any, *, splits: Any = None, teacher: Any = None, hears: Callable[[Any, Any], Any] | None = None
    ) -> Any:
        """Return a fresh network with its optimiser, ready for a loop.

        Args:
            recipe: which network, how optimised.
            splits: on which it is judged; the recipe's by default.
            teacher: whose features a bridge must know.
            hears: from the method in use and the teacher's answer to what the student is to hear.
        """

    def lesson(self, recipe: Any, *, train: Any = None, teacher: Any = None) -> Any:
        """Return the batches of a recipe, with what a teacher says about them.

        Args:
            recipe: in whose order.
            train: images and labels; the recipe's by default.
            teacher: who is asked; nobody by default.
        """

    def together(
        self, recipe: Any, learners: Any, lesson: Any, teacher: Mapping[str, Tensor] | None = None
    ) -> Iterator[tuple[int, Event]]:
        """Train several learners in one loop, yielding every event with the number of its learner.

        Args:
            recipe: for how many epochs.
            learners: who learns.
            lesson: from what.
            teacher: what a teacher says about ``validation`` and ``test``, (N, K), to measure agreement.
        """


Predict = Callable[..., Tensor]
"""Return the logits (N, K) of a recipe's trained network: ``predict(recipe)`` on its training images,
``predict(recipe, "test")`` on a part."""


class Protocol(Settings):
    """A way of arranging networks; it never imports the loop, ``runs`` hands it in.

    The subclass's docstring is its text on the methods page: the first line says what it does.
    """

    one_loop: ClassVar[bool] = False
    """Whether it is one network in one loop, so that many recipes of it can be lanes of the same loop."""
    needs_teacher: ClassVar[bool] = True
    """Whether somebody trained before teaches; otherwise a recipe needs no teacher, whatever its method."""
    shapes_student: ClassVar[bool] = False
    """Whether the student alone, to be comparable, must be arranged in this way too."""
    passes_on: ClassVar[bool] = False
    """Whether it makes no sense with a method that listens to nobody."""
    logits_only: ClassVar[bool] = False
    """Whether what networks pass on are logits, so that a method that compares features has nothing to compare."""
    copies_layers: ClassVar[bool] = True
    """Whether a student may begin with layers of its teacher."""
    stops_early: ClassVar[bool] = True
    """Whether a network may stop while others go on."""
    usual: ClassVar[Mapping[str, Any]] = {}
    """What else of a recipe its source sets, by path."""
    source: ClassVar[str] = ""
    """Authors and year."""

    @abstractmethod
    def run(self, recipe: Any, fit: Fit, predict: Predict) -> Iterator[Event]:
        """Carry out ``recipe``, yielding every event of every loop inside."""

    def steps_of_epoch(self, plain: int, batch: int) -> int:
        """Return about how many steps an epoch has, where a plain student would take ``plain`` of ``batch`` images."""
        return plain

    @property
    def work(self) -> float:
        """Return about how many times the work of a plain student's step a step is."""
        return 1.0

    def before(self, recipe: Any) -> tuple[Any, ...]:
        """Return the recipes whose networks must be trained first, beside the teacher's, in this order."""
        return ()
