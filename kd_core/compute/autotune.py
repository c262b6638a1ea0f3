"""Autotuning: which plan takes a training step fastest here, found by trying."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from kd_core.compute.device import available_cores, synchronize, use_threads
from kd_core.compute.plan import PLAIN, StepPlan
from kd_core.networks import Network, Shape

PROBE_MACS = 1_000_000_000
"""The probe's batch is no larger than this many multiply-accumulates."""


PROBE_STEPS = 3


WORTH_IT = 1.2
"""How much faster a plan must be to be chosen over a plainer one."""


def candidates(network: Network, device: torch.device) -> list[StepPlan]:
    """Return the plans worth trying, the plainest first."""
    convolutions = any(isinstance(layer, nn.Conv2d) for layer in network.modules())
    plans = [PLAIN]
    plans += [replace(PLAIN, channels_last=True)] if convolutions else []
    plans += [replace(plans[-1], dtype="bfloat16")] if device.type in ("cpu", "cuda") else []
    threads = {1, available_cores()} if device.type == "cpu" else {1}
    return [replace(plan, threads=count) for count in sorted(threads) for plan in plans]


def fastest(seconds: Sequence[tuple[StepPlan, float]]) -> StepPlan:
    """Return the fastest plan; one that is not clearly faster than a plainer one before it is passed over."""
    chosen, took = seconds[0]
    for plan, needs in seconds[1:]:
        if took / needs >= WORTH_IT:
            chosen, took = plan, needs
    return chosen


def time_plans(
    network: Network, shape: Shape, batch: int, device: torch.device, macs: int
) -> list[tuple[StepPlan, float]]:
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
    plans = candidates(network, device)
    took: dict[StepPlan, list[float]] = {plan: [] for plan in plans}
    for _ in range(PROBE_STEPS + 1):
        for plan in plans:
            with use_threads(plan.threads):
                took[plan].append(_timed_step(network, images, plan, device))
    return [(plan, statistics.median(times[1:])) for plan, times in took.items()]


def _timed_step(network: Network, images: Tensor, plan: StepPlan, device: torch.device) -> float:
    plan.laid_out(network.train())
    inputs = plan.images(images)
    synchronize(device)
    started = time.perf_counter()
    with plan.forward(device):
        logits = network(inputs).logits
    logits.float().logsumexp(-1).mean().backward()  # type: ignore[no-untyped-call]
    synchronize(device)
    took = time.perf_counter() - started
    network.zero_grad(set_to_none=True)
    network.to(memory_format=torch.contiguous_format)
    return took
