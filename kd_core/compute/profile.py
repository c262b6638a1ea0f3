"""A network's size and work: parameters, bytes and multiply-accumulates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Cost:
    """What a network costs whatever it runs on.

    Args:
        parameters: learned numbers.
        bytes: parameters and buffers as stored, floating numbers in float32.
        macs: multiply-accumulates for one image.
    """

    parameters: int
    bytes: int
    macs: int


def parameters(network: nn.Module) -> int:
    """Return how many numbers are learned; shared ones count once."""
    return sum(parameter.numel() for parameter in network.parameters())


def model_bytes(network: nn.Module) -> int:
    """Return the bytes of parameters and buffers, floating numbers in float32 and integers as they are."""
    stored = [*network.parameters(), *network.buffers()]
    return sum(4 * tensor.numel() if tensor.is_floating_point() else tensor.nbytes for tensor in stored)


def macs(network: nn.Module, shape: Shape) -> int:
    """Return the multiply-accumulates of matrix products and convolutions for one image of ``shape`` (C, H, W)."""
    image = random_images(network, 1, shape)
    with evaluating([network]), torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(image)
    return int(counter.get_total_flops()) // 2  # torch counts a multiplication and an addition


def cost(network: nn.Module, shape: Shape) -> Cost:
    """Return parameters, bytes and the MACs for one image of ``shape`` (C, H, W)."""
    return Cost(parameters(network), model_bytes(network), macs(network, shape))


@contextmanager
def evaluating(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Put networks in eval mode, then every part of them back into the mode it was in."""
    modes = {part: part.training for network in networks for part in network.modules()}
    for part in modes:
        part.training = False
    try:
        yield
    finally:
        for part, training in modes.items():
            part.training = training


def random_images(network: nn.Module, batch: int, shape: Shape) -> Tensor:
    """Return grey images (batch, C, H, W) where the network is, in its type of number."""
    parameter = next(network.parameters(), torch.empty(0))
    return torch.full((batch, *shape), 0.5, device=parameter.device, dtype=parameter.dtype)
