"""What a protocol is handed: the loop and its parts."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

from kd_core.events import Event


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
