"""What every protocol shares: frozen settings and a generator that says who teaches whom."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from torch import Tensor

from kd_core.events import Event
from kd_core.settings import Settings

Fit = Callable[[Any], Iterator[Event]]
"""Train the network of a recipe, yielding events."""
Predict = Callable[[Any], Tensor]
"""Return the logits (N, K) of a recipe's trained network on its training images."""


class Protocol(Settings):
    """A way of arranging networks; it never imports the loop, ``runs`` hands it in."""

    one_loop: ClassVar[bool] = False
    """Whether it is one network in one loop, so that many recipes of it can be lanes of the same loop."""

    @abstractmethod
    def run(self, recipe: Any, fit: Fit, predict: Predict) -> Iterator[Event]:
        """Carry out ``recipe``, yielding every event of every loop inside."""
