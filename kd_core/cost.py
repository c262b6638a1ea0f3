"""Cost: what a network weighs, computes and takes: parameters, bytes, MACs, milliseconds."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

Shape = tuple[int, int, int]

MINIMUM_RUNS = 3
"""Timed forward passes of every network and batch, however slow they are."""

# MACs of a step's forward pass that keep one thread busy. Training steps (forward, backward, Adam) on two idle cores
# of an AMD EPYC, torch 2.14, medians of alternating blocks, as two threads' gain over one:
#   784-20-20 batch 64      1 M MACs  1.0 x (0.54 ms)      conv 16-32 batch 128   143 M MACs  1.6 x (34 ms)
#   784-256-256 batch 64   17 M MACs  1.4 x (1.9 ms)       conv 32-64 batch 128   543 M MACs  1.7 x (76 ms)
#   784-800-800 batch 64   82 M MACs  1.5 x (12 ms)        conv 64-128 batch 64  1.05 G MACs  1.7 x (135 ms)
#   784-1200-1200 batch 64 153 M MACs 1.6 x (19 ms)        ResNet-18 batch 32    17.8 G MACs  1.6 x (1.2 s)
# Below 1.5 x the second core does more good with another job.
_MACS_PER_THREAD = 40_000_000


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


def parameters(network: nn.Module) -> int:
    """Return how many numbers are learned; shared ones count once."""
    return sum(parameter.numel() for parameter in network.parameters())


def model_bytes(network: nn.Module) -> int:
    """Return the bytes of parameters and buffers, floating numbers in float32 and integers as they are."""
    stored = [*network.parameters(), *network.buffers()]
    return sum(4 * each.numel() if each.is_floating_point() else each.nbytes for each in stored)


def macs(network: nn.Module, shape: Shape) -> int:
    """Return the multiply-accumulates of matrix products and convolutions for one image of ``shape`` (C, H, W)."""
    image = _images(network, 1, shape)
    with _evaluating([network]), torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(image)
    return int(counter.get_total_flops()) // 2  # torch counts a multiplication and an addition


def cost(network: nn.Module, shape: Shape) -> Cost:
    """Return parameters, bytes and the MACs for one image of ``shape`` (C, H, W)."""
    return Cost(parameters(network), model_bytes(network), macs(network, shape))


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
    or more. A larger batch for which, judged by the smaller one, even these would not fit is left out.

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
    found: dict[str, list[Latency]] = {name: [] for name in networks}
    share, per_image = seconds / max(1, len(batches)), 0.0
    with _threads(threads), _evaluating(networks.values()), torch.inference_mode():
        for batch in sorted(batches):
            if per_image * batch * (MINIMUM_RUNS + 1) > share:
                break
            images = {name: _images(network, batch, shape) for name, network in networks.items()}
            rounds = _timed_rounds(networks, images, max(runs, MINIMUM_RUNS), max(warmup, 1), share)
            for name, times in rounds.items():
                found[name].append(_latency(batch, times, images[name].device))
            per_image = sum(statistics.median(times) for times in rounds.values()) / batch
    return found


def device_line() -> str:
    """Return the processor in words, e.g. "AMD EPYC 7B13, 2 cores" or "Apple M2, 8 cores; NVIDIA H200".

    Asks for the GPU, which a process that forks others must not do.
    """
    cores = available_cores()
    line = f"{_processor()}, {cores} {'core' if cores == 1 else 'cores'}"
    return f"{line}; {torch.cuda.get_device_name()}" if torch.cuda.is_available() else line


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def suggested_threads(macs: int, batch: int) -> int:
    """Return with how many CPU threads to train a network: one for small ones, up to the available cores.

    For a job that has the machine to itself: threads of jobs that share cores wait for each other. Beside two busy jobs
    on two cores the tests of the networks took 106 s with two threads and 35 s with one.

    Args:
        macs: multiply-accumulates for one image.
        batch: images in a step.
    """
    return max(1, min(available_cores(), macs * batch // _MACS_PER_THREAD))


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _evaluating(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Put networks in eval mode, then every part of them back into the mode it was in."""
    modes = {part: part.training for network in networks for part in network.modules()}
    for part in modes:
        part.training = False
    try:
        yield
    finally:
        for part, training in modes.items():
            part.training = training


def _images(network: nn.Module, batch: int, shape: Shape) -> Tensor:
    """Return grey images (batch, C, H, W) where the network is, in its type of number."""
    first = next(network.parameters(), torch.empty(0))
    return torch.full((batch, *shape), 0.5, device=first.device, dtype=first.dtype)


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
    _synchronise(images.device)
    started = time.perf_counter()
    network(images)
    _synchronise(images.device)
    return time.perf_counter() - started


def _synchronise(device: torch.device) -> None:
    if device.type != "cpu":  # a GPU returns before it has finished
        torch.accelerator.synchronize(device)


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


def _processor() -> str:
    """Return the processor's model as the system calls it, or at least its kind."""
    system = platform.system()
    name = ""
    if system == "Linux":
        name = _linux_processor()
    elif system == "Darwin":
        name = _mac_processor()
    return name or platform.processor() or platform.machine() or "unknown processor"


def _linux_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _mac_processor() -> str:
    try:
        asked = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout.strip()
