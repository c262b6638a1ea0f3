"""Outputs: what a network says about a batch."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class Outputs:
    """A network's answer to a batch of N images.

    Args:
        logits: (N, K), before any softmax.
        features: by name, at least ``early``, ``middle``, ``late`` and ``embedding`` where a network provides them.
        heads: further logits, such as early exits or a second task.
    """

    logits: Tensor
    features: dict[str, Tensor] = field(default_factory=dict)
    heads: dict[str, Tensor] = field(default_factory=dict)
