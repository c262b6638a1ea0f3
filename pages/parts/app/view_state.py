"""What the reader looks at — view temperature, axis, sample, epoch — read from the link and checked."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Final

from pages.parts.app import link
from pages.parts.charts import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE, Axis, BarsState, is_view_temperature
from pages.parts.text import t, temperature_text

DEFAULT_TEMPERATURE: Final = 4.0
DEFAULT_AXIS: Final[Axis] = "linear"


def view_temperature() -> float:
    """Return the view temperature of the link; one that the slider does not have is told and dropped."""
    asked = link.get("T")
    if not asked:
        return DEFAULT_TEMPERATURE
    value = _number(asked)
    if is_view_temperature(value):
        return value
    low, high = f"{LOWEST_TEMPERATURE:g}", f"{HIGHEST_TEMPERATURE:g}"
    link.refuse("T", t("soft_labels.refused_temperature", value=asked[:40], low=low, high=high))
    return DEFAULT_TEMPERATURE


def view_axis() -> Axis:
    """Return the probability axis of the link."""
    asked = link.get("axis", DEFAULT_AXIS)
    if asked in ("linear", "log"):
        return "log" if asked == "log" else "linear"
    link.refuse("axis", t("soft_labels.refused_axis", value=asked[:40]))
    return DEFAULT_AXIS


def put_view(state: BarsState) -> None:
    """Keep view temperature and axis in the link, unless they are what everybody starts with."""
    link.put(
        T=None if state.temperature == DEFAULT_TEMPERATURE else temperature_text(state.temperature, infinite="inf"),
        axis=None if state.axis == DEFAULT_AXIS else state.axis,
    )


def sample_index(count: int) -> int | None:
    """Return the test image of the link; None where it names none or one that is not there, which is told."""
    asked = link.get("sample")
    if not asked:
        return None
    value = _number(asked)
    if value.is_integer() and 0 <= value < count:
        return int(value)
    link.refuse("sample", t("soft_labels.refused_sample", value=asked[:40], last=count - 1, count=count))
    return None


def epoch_shown(kept: Collection[int]) -> int | None:
    """Return the epoch of the link, counted from 0; None stands for the reported one.

    Links and screen count epochs done, from 1. One between two kept ones is fine: the nearest before it is shown.
    """
    asked = link.get("epoch")
    if not asked:
        return None
    value = _number(asked)
    if kept and value.is_integer() and min(kept) + 1 <= value <= max(kept) + 1:
        return int(value) - 1
    if kept:
        reason = t("soft_labels.refused_epoch", value=asked[:40], first=min(kept) + 1, last=max(kept) + 1)
    else:
        reason = t("soft_labels.refused_epoch_none")
    link.refuse("epoch", reason)
    return None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
