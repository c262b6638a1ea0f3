"""Latency: how long networks take for a forward pass, measured in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from kd_core.compute.device import synchronize, use_threads
from kd_core.compute.profile import Shape, evaluating, random_images

MINIMUM_RUNS = 3
"""Timed forward passes of every network and batch, however slow they are."""


@dataclass(frozen=True)
class Latency:
    """How long one batch takes on this machine, forward only.

    Args:
        batch: images at once.
        p50: median in milliseconds.
        p95: 95th percentile in milliseconds; with few runs close to the slowest.
        threads: threads on the CPU.
        device: e.g. "cpu" or "cuda:0".
        runs: how many timed passes the percentiles come from.
    """

    batch: int
    p50: float
    p95: float
    threads: int
    device: str
    runs: int


def latencies(
    networks: Mapping[str, nn.Module],
    shape: Shape,
    batches: Sequence[int] = (1, 32, 256),
    runs: int = 100,
    warmup: int = 5,
    threads: int | None = None,
    seconds: float = 30.0,
) -> dict[str, list[Latency]]:
    """Time networks against each other: in turn (A B C A B C ...), so that a busy moment meets all alike.

    Every batch size has an equal share of ``seconds``; when that is spent, timing stops after ``MINIMUM_RUNS`` passes
    or more. A larger batch for which, estimated from the smaller one, even these would not fit is left out.

    Args:
        networks: by name; timed in eval mode, each where its parameters are, and left in the mode they were in.
        shape: (C, H, W) of an image.
        batches: images at once; the smallest is always timed.
        runs: most timed passes of each network and batch, at least ``MINIMUM_RUNS``.
        warmup: most passes before timing starts, at least one.
        threads: threads on the CPU; None leaves them as they are.
        seconds: time for everything, exceeded only where the smallest batch needs longer.

    Returns:
        By network's name one ``Latency`` a batch size, smallest first.
    """
    measured: dict[str, list[Latency]] = {name: [] for name in networks}
    share, per_image = seconds / max(1, len(batches)), 0.0
    with use_threads(threads), evaluating(networks.values()), torch.inference_mode():
        for batch in sorted(batches):
            if per_image * batch * (MINIMUM_RUNS + 1) > share:
                break
            images = {name: random_images(network, batch, shape) for name, network in networks.items()}
            by_network = _timed_rounds(networks, images, max(runs, MINIMUM_RUNS), max(warmup, 1), share)
            for name, times in by_network.items():
                measured[name].append(_latency(batch, times, images[name].device))
            per_image = sum(statistics.median(times) for times in by_network.values()) / batch
    return measured


def _timed_rounds(
    networks: Mapping[str, nn.Module], images: Mapping[str, Tensor], runs: int, warmup: int, seconds: float
) -> dict[str, list[float]]:
    """Return by network the seconds of each timed pass; every round passes each network once."""
    times: dict[str, list[float]] = {name: [] for name in networks}
    started = time.perf_counter()

    def spent(part: float) -> bool:
        return time.perf_counter() - started > part * seconds

    for _ in range(warmup):
        for name, network in networks.items():
            _timed(network, images[name])
        if spent(0.1):
            break
    for done in range(runs):
        if done >= MINIMUM_RUNS and spent(1.0):
            break
        for name, network in networks.items():
            times[name].append(_timed(network, images[name]))
    return times


def _timed(network: nn.Module, images: Tensor) -> float:
    synchronize(images.device)
    started = time.perf_counter()
    network(images)
    synchronize(images.device)
    return time.perf_counter() - started


def _latency(batch: int, times: list[float], device: torch.device) -> Latency:
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
    return Latency(
        batch=batch,
        p50=1000 * statistics.median(times),
        p95=1000 * p95,
        threads=torch.get_num_threads(),
        device=str(device),
        runs=len(times),
    )
