"""Lane layers: what a network's layers become while many copies of it are trained at once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from kd_core.datasets import Split
from kd_core.networks import Dropout, Network


def convert_layers(network: Network) -> Network:
    """Return ``network`` with its layers exchanged for their twins that know about lanes; states keep their names."""
    for module in network.modules():
        if type(module) is nn.Linear:
            module.__class__ = LaneLinear
        elif type(module) is Dropout:
            module.__class__ = LaneDropout
            vars(module).update(shapes=[], asked=0)
    return network


class LaneLinear(nn.Linear):
    """A linear layer that is one matrix product for all lanes that see the same input.

    Weights stand before images: ``vmap`` then stacks the lanes' weights into one tall matrix, results lie as
    (lanes, out, B), the gradient of a weight comes out of its matrix product in the weight's own layout, and a softmax
    over ten classes runs along whole vectors. Written as ``linear`` the same step takes twice as long.
    """

    def forward(self, values: Tensor) -> Tensor:
        """Return ``values`` (B, in) times the weights, plus the bias: (B, out)."""
        return (self.weight @ values.mT + self.bias.unsqueeze(-1)).mT


class LaneDropout(Dropout):
    """Dropout whose masks are handed in, one a seed: lanes of one seed drop the same units, as one network would.

    Attributes:
        shapes: of what it is asked about for one image, one entry for every time that a network asks.
        asked: how often it was asked in this pass; the trainer sets it back before every pass.
    """

    shapes: list[tuple[int, ...]]
    asked: int

    def add_mask(self, values: Tensor) -> None:
        """Make room for one more mask, of the shape of ``values`` (1, ...)."""
        self.register_buffer(f"kept{len(self.shapes)}", torch.ones(()), persistent=False)
        self.shapes.append(tuple(values.shape[1:]))

    def forward(self, values: Tensor) -> Tensor:
        """Return ``values`` masked in training, unchanged in evaluation."""
        if not self.training or self.rate == 0:
            return values
        kept: Tensor = getattr(self, f"kept{self.asked}")
        self.asked += 1
        return values * kept / (1 - self.rate)


def activations_per_image(network: Network, train: Split) -> int:
    """Return how many numbers all layers of a network make of one image; dropout layers learn what masks they need."""
    activations = [0]

    def count(layer: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(layer, LaneDropout) and layer.rate:
            layer.add_mask(inputs[0])
        if isinstance(output, Tensor):
            activations.append(output[0].numel())

    hooks = [layer.register_forward_hook(count) for layer in network.modules()]
    network.eval()
    with torch.no_grad():
        network(train.normalised(slice(0, 1)).to(next(network.parameters()).dtype))
    for hook in hooks:
        hook.remove()
    return sum(activations)
