"""Execution: on what a recipe was carried out, kept with the run and outside its fingerprint."""

from __future__ import annotations

import platform
from typing import Any, Literal

import torch

from kd_core.errors import InvalidSetting
from kd_core.settings import Settings

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "float32"]


class Execution(Settings):
    """Equal numbers are promised on the CPU for equal recipes and equal executions.

    Args:
        lanes: how many networks the loop trained at once.
        group: the id of the lane group; empty for a network by itself.
        why_alone: why it could not be a lane, as ``lane_groups.why_alone`` says it; empty where it could.
    """

    device: str
    threads: int
    torch: str
    machine: str
    dtype: str = "float32"
    channels_last: bool = False
    lanes: int = 1
    group: str = ""
    why_alone: str = ""


def chosen_device(wish: str = "auto") -> torch.device:
    """Return the device to train on: CUDA, then MPS, then the CPU, unless a person chose.

    Raises:
        InvalidSetting: the chosen one is not on this machine.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wish == "auto":
        return torch.device(next(name for name, usable in there.items() if usable))
    if not there.get(wish, False):
        known = ", ".join(name for name, usable in there.items() if usable)
        raise InvalidSetting(path="device", value=wish, reason=f"this machine offers: {known}.")
    return torch.device(wish)


def execution(device: torch.device, device_name: str, **facts: Any) -> Execution:
    """Return the record of what is used here and now; ``facts`` are its fields about speed and lanes."""
    return Execution(
        device=f"{device.type} ({device_name})",
        torch=torch.__version__,
        machine=f"{platform.system()} {platform.machine()}",
        **facts,
    )
