"""Outputs: what a network returns for a batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class Outputs:
    """A network's logits and features for a batch of N images.

    Args:
        logits: (N, K), before any softmax.
        features: by name, at least ``early``, ``middle``, ``late`` and ``embedding`` where a network provides them.
        heads: further logits, such as early exits or a second task.
    """

    logits: Tensor
    features: dict[str, Tensor] = field(default_factory=dict)
    heads: dict[str, Tensor] = field(default_factory=dict)

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Outputs:
        """Return the outputs with every tensor changed alike, e.g. detached, or cut to some samples."""
        features = {name: change(values) for name, values in self.features.items()}
        return Outputs(change(self.logits), features, {name: change(values) for name, values in self.heads.items()})
