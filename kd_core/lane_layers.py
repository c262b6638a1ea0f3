"""Lane layers: what a network's layers become while many copies of it are trained at once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from kd_core.networks import Network
from kd_core.networks.base import Dropout

LANED = frozenset({nn.Linear, Dropout, nn.ReLU})
"""Layers that can be trained as lanes; others keep the network from it."""


def in_lanes(network: Network) -> Network:
    """Return ``network`` with its layers exchanged for their twins that know about lanes; states keep their names."""
    for module in network.modules():
        if type(module) is nn.Linear:
            module.__class__ = LaneLinear
        elif type(module) is Dropout:
            module.__class__ = LaneDropout
            vars(module).update(shapes=[], asked=0)
    return network


class LaneLinear(nn.Linear):
    """A linear layer that is one matrix product for all lanes that see the same input."""

    def forward(self, values: Tensor) -> Tensor:
        """Return ``values`` (B, in) times the weights, plus the bias: (B, out)."""
        answer: Tensor = _Linear.apply(values, self.weight, self.bias)
        return answer


class _Linear(torch.autograd.Function):
    """``linear`` with a batching rule of its own; gradients are those of the operations that the rule is made of.

    Results are laid out (lanes, out, B), features before images: the gradient of a weight then comes out of its matrix
    product in the weight's own layout, and a softmax over ten classes runs along whole vectors.
    """

    @staticmethod
    def forward(values: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return linear(values, weight, bias)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], values: Tensor, weight: Tensor, bias: Tensor) -> Any:
        """Handle one dimension of lanes; its weights and biases have the lanes in front."""
        if in_dims[0] is None:  # all lanes see the same images: their layers side by side are one wide layer
            lanes, out, width = weight.shape
            wide = _Linear.apply(values, weight.reshape(lanes * out, width), bias.reshape(lanes * out))
            turned = wide.mT
            return turned.view(*turned.shape[:-2], lanes, out, turned.shape[-1]).mT, turned.dim() - 2
        own = values.movedim(in_dims[0], 0)
        return torch.baddbmm(bias.unsqueeze(-1), weight, own.mT).mT, 0


class LaneDropout(Dropout):
    """Dropout whose masks are handed in, one a seed: lanes of one seed drop the same units, as one network would.

    Attributes:
        shapes: of what it is asked about for one image, one entry for every time that a network asks.
        asked: how often it was asked in this pass; ``begin_pass`` sets it back.
    """

    shapes: list[tuple[int, ...]]
    asked: int

    def note(self, values: Tensor) -> None:
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
