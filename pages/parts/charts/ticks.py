"""Ticks of an axis: round numbers, linear or logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


def is_log(values: Sequence[float], factors: bool) -> bool:
    """Tell whether numbers stand on a logarithmic axis: declared so, and far enough apart to need it."""
    return factors and bool(values) and min(values) > 0 and max(values) > 10 * min(values)


def round_ticks(values: Sequence[float], factors: bool = False) -> list[float]:
    """Return round numbers from the lowest to the highest value, about five of them."""
    low, high = min(values), max(values)
    if low == high:
        return [low]
    if is_log(values, factors):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5)]
        return [tick for tick in ticks if low <= tick <= high]
    step = 10.0 ** math.floor(math.log10((high - low) / 3))
    step = next(size for size in (step, 2 * step, 5 * step, 10 * step) if (high - low) / size <= 6)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{at * step:.12g}") for at in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Return the numbers 1, 2 and 5 times a power of ten from just below ``low`` to just above ``high``."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    ticks = [digit * 10**power for power in range(first, last + 1) for digit in (1, 2, 5)]
    return [tick for tick in ticks if low / 2 <= tick <= high * 2]


def log_tick_options(low: float, high: float) -> dict[str, Any]:
    """Return Plotly's options for such an axis."""
    values = log_ticks(low, high)
    return {"tickvals": values, "ticktext": [f"{value:g}" for value in values]}
