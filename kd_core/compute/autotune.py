"""Which plan takes a training step fastest here, found by trying."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from kd_core.compute.device import available_cores
from kd_core.compute.plan import PLAIN, Speed
from kd_core.networks import Network, Shape

PROBE_MACS = 1_000_000_000
"""The probe's batch is no larger than this many multiply-accumulates."""


PROBE_STEPS = 3


WORTH_IT = 1.2
"""How much faster a way must be to be chosen over a plainer one."""


def candidates(network: Network, device: torch.device) -> list[Speed]:
    """Return the ways worth trying, the plainest first."""
    convolutions = any(isinstance(layer, nn.Conv2d) for layer in network.modules())
    ways = [PLAIN]
    ways += [replace(PLAIN, channels_last=True)] if convolutions else []
    ways += [replace(ways[-1], dtype="bfloat16")] if device.type in ("cpu", "cuda") else []
    threads = {1, available_cores()} if device.type == "cpu" else {1}
    return [replace(way, threads=count) for count in sorted(threads) for way in ways]


def fastest(seconds: Sequence[tuple[Speed, float]]) -> Speed:
    """Return the fastest way; one that is not clearly faster than a plainer one before it is passed over."""
    chosen, took = seconds[0]
    for way, needs in seconds[1:]:
        if took / needs >= WORTH_IT:
            chosen, took = way, needs
    return chosen


def probed(network: Network, shape: Shape, batch: int, device: torch.device, macs: int) -> list[tuple[Speed, float]]:
    """Measure training steps of every candidate in turn; return each with its median seconds per step.

    Args:
        network: a fresh one, on ``device``; its weights are changed.
        shape: of an image, (C, H, W).
        batch: images in a step; fewer are tried where the network is large.
        device: where.
        macs: of one image.
    """
    few = max(2, min(batch, PROBE_MACS // max(1, macs)))
    images = torch.randn(few, *shape, device=device)
    ways = candidates(network, device)
    before = torch.get_num_threads()
    try:
        took: dict[Speed, list[float]] = {way: [] for way in ways}
        for _ in range(PROBE_STEPS + 1):
            for way in ways:
                took[way].append(_step(network, images, way, device))
        return [(way, statistics.median(times[1:])) for way, times in took.items()]
    finally:
        torch.set_num_threads(before)


def _step(network: Network, images: Tensor, way: Speed, device: torch.device) -> float:
    torch.set_num_threads(way.threads)
    way.laid_out(network.train())
    laid = way.images(images)
    _wait(device)
    began = time.perf_counter()
    with way.forward(device):
        logits = network(laid).logits
    logits.float().logsumexp(-1).mean().backward()  # type: ignore[no-untyped-call]
    _wait(device)
    took = time.perf_counter() - began
    network.zero_grad(set_to_none=True)
    network.to(memory_format=torch.contiguous_format)
    return took


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
