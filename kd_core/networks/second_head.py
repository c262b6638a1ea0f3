"""Second head: a network that predicts two targets of one image."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kd_core.networks.base import Network, Shape
from kd_core.outputs import Outputs


class SecondHead(Network):
    """A network with one more linear layer on its embedding, for another target.

    Args:
        network: predicts the first target.
        shape: of an image, (C, H, W).
        classes: of the second target.
    """

    def __init__(self, network: Network, shape: Shape, classes: int) -> None:
        super().__init__()
        self.network = network
        with torch.no_grad():
            width = network.eval()(torch.zeros(1, *shape)).features["embedding"].shape[1]
        self.second = nn.Linear(width, classes)

    def forward_until(self, depth: str, images: Tensor) -> Tensor:
        """Return a feature below both heads, (N, C, H, W) or (N, D)."""
        return self.network.forward_until(depth, images)

    def as_sequence(self) -> nn.Sequential | None:
        """Return the way to the first target's logits."""
        return self.network.as_sequence()

    def forward(self, images: Tensor) -> Outputs:
        """Return the first target's logits (N, K), with the second's as the head ``second``."""
        outputs = self.network(images)
        second = self.second(outputs.features["embedding"])
        return Outputs(outputs.logits, outputs.features, {**outputs.heads, "second": second})
