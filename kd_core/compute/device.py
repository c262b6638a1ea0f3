"""The device: which one a study is trained on, and what it is called."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import torch

from kd_core.errors import InvalidSetting, Reason


def device_line() -> str:
    """Return the processor in words, e.g. "AMD EPYC 7B13, 2 cores" or "Apple M2, 8 cores; NVIDIA H200".

    Queries the GPU, which a process that forks others must not do.
    """
    cores = available_cores()
    line = f"{_processor()}, {cores} {'core' if cores == 1 else 'cores'}"
    return f"{line}; {torch.cuda.get_device_name()}" if torch.cuda.is_available() else line


def synchronize(device: torch.device) -> None:
    """Wait until a device has finished its work; a GPU returns before."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


@contextmanager
def use_threads(count: int | None) -> Iterator[None]:
    """Compute with ``count`` threads of the CPU in a block; None leaves them as they are."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
        result = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return ""
    return result.stdout.strip()


Device = Literal["auto", "cpu", "cuda", "mps"]


def chosen_device(requested: str = "auto") -> torch.device:
    """Return the device to train on: CUDA, then MPS, then the CPU, unless a person chose.

    Raises:
        InvalidSetting: the chosen one is not on this machine.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if requested == "auto":
        return torch.device(next(name for name, usable in available.items() if usable))
    if not available.get(requested, False):
        offered = ", ".join(name for name, usable in available.items() if usable)
        raise InvalidSetting(
            path="device", value=requested, reason=Reason("device", "this machine offers: {offered}.", offered=offered)
        )
    return torch.device(requested)
