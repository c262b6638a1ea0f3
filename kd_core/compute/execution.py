"""Execution: on what a recipe was carried out, kept with the run and outside its fingerprint."""

from __future__ import annotations

import platform
from typing import Any, Literal

import torch

from kd_core.settings import Settings

Precision = Literal["auto", "float32"]


class Execution(Settings):
    """Equal numbers are promised on the CPU for equal recipes and equal executions.

    Args:
        lanes: how many networks the loop trained at once.
        group: the id of the lane group; empty for a network by itself.
        why_alone: why it could not be a lane, as ``training.lanes.why_solo`` names it; empty where it could.
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


def describe_execution(device: torch.device, device_name: str, **facts: Any) -> Execution:
    """Return the record of what is used here and now; ``facts`` are its fields about speed and lanes."""
    return Execution(
        device=f"{device.type} ({device_name})",
        torch=torch.__version__,
        machine=f"{platform.system()} {platform.machine()}",
        **facts,
    )
