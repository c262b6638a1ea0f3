"""The values on which a number's slider stops, from the number's declaration."""

from __future__ import annotations

import math

from pydantic.fields import FieldInfo

from kd_core.settings import field_extra, field_kind, limits_of

DIGITS = ("1", "1.2", "1.5", "2", "2.5", "3", "4", "5", "6", "7", "8", "9")
"""Where a logarithmic slider stops in every power of ten."""
DECADES = 6
"""How far below its upper limit a logarithmic slider begins that could go down to 0, if nothing else is declared."""
MOST_STEPS = 100
"""A linear slider has at most about twice as many."""


def has_slider(info: FieldInfo) -> bool:
    """Tell whether a setting is a number with two finite limits."""
    limits = limits_of(info)
    return field_kind(info.annotation) in ("int", "float") and limits.low is not None and limits.high is not None


def is_log(info: FieldInfo) -> bool:
    """Tell whether a number's slider moves by factors."""
    return bool(field_extra(info).get("scale") == "log")


def slider_steps(info: FieldInfo, now: float | None = None) -> list[float]:
    """Return rising values over a number's range, its limits, its default and the one in use among them."""
    limits = limits_of(info)
    assert limits.low is not None and limits.high is not None  # only such a number has a slider
    steps = _log_steps(info, limits.low, limits.high) if is_log(info) else _linear_steps(info, limits.low, limits.high)
    ends = {limits.low} - ({limits.low} if limits.low_excluded else set())
    ends |= {limits.high} - ({limits.high} if limits.high_excluded else set())
    inside = {step for step in steps if limits.low < step < limits.high}
    others = {float(value) for value in (info.default, now) if isinstance(value, int | float)}
    values = sorted(inside | ends | others)
    return [int(value) for value in values] if field_kind(info.annotation) == "int" else values


def linear_step(info: FieldInfo) -> float:
    """Return 1, 2 or 5 times a power of ten so that a number's range has a hundred steps or a few more."""
    limits = limits_of(info)
    assert limits.low is not None and limits.high is not None
    rough = (limits.high - limits.low) / MOST_STEPS
    power = math.floor(math.log10(rough) + 1e-9)
    step = max(size for digit in (1, 2, 5) if (size := float(f"{digit}e{power}")) <= rough * (1 + 1e-9))
    return max(1.0, step) if field_kind(info.annotation) == "int" else step


def _linear_steps(info: FieldInfo, low: float, high: float) -> list[float]:
    step = linear_step(info)
    return [float(f"{low + place * step:.12g}") for place in range(round((high - low) / step) + 1)]


def _log_steps(info: FieldInfo, low: float, high: float) -> list[float]:
    """Return steps that grow by factors; whole numbers have the powers of two too, in which batches and layers come."""
    whole = field_kind(info.annotation) == "int"
    first = low if low > 0 else field_extra(info).get("log_from") or (1 if whole else high / 10**DECADES)
    powers = range(math.floor(math.log10(first)), math.ceil(math.log10(high)) + 1)
    steps = [float(f"{digits}e{power}") for power in powers for digits in DIGITS]
    if whole:
        steps = [step for step in steps if step.is_integer()]
        steps += [2.0**power for power in range(math.ceil(math.log2(high)))]
    return [step for step in steps if first * (1 - 1e-9) <= step <= high]
