"""State: all that changes while training as one flat mapping of named tensors, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def to_cpu(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return copies on the CPU, of the same shapes, that later steps leave alone."""
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors under ``prefix/name``."""
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def under_prefix(prefix: str, flat: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors that ``with_prefix`` put under ``prefix``."""
    start = f"{prefix}/"
    return {name.removeprefix(start): tensor for name, tensor in flat.items() if name.startswith(start)}


def optimizer_state(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return an optimiser's moments and counts as ``optimiser/<parameter's number>/<name>``."""
    flat: dict[str, Tensor] = {}
    for number, values in optimiser.state_dict()["state"].items():
        tensors = {name: torch.as_tensor(value) for name, value in values.items() if value is not None}
        flat |= with_prefix(f"optimiser/{number}", tensors)
    return flat


def load_optimizer_state(optimiser: torch.optim.Optimizer, flat: Mapping[str, Tensor]) -> None:
    """Put back what ``optimizer_state`` returned."""
    state: dict[str, Any] = optimiser.state_dict()
    numbers = {int(name.split("/")[1]) for name in flat if name.startswith("optimiser/")}
    state["state"] = {number: under_prefix(f"optimiser/{number}", flat) for number in numbers}
    optimiser.load_state_dict(state)
