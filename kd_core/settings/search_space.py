"""Axes: the settings that a sweep varies, and the cells that a grid or a random search makes of them."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kd_core.errors import InvalidSetting, Reason
from kd_core.settings.text import parse_value

LARGEST: Final = 1e300
"""Beyond it the distance of two ends is no number any more."""

CellValues = dict[str, Any]
"""One value by path."""


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both included, from which a random search draws."""

    low: float
    high: float
    log: bool = False

    def value_at(self, share: float) -> float | int:
        """Return the number at ``share`` (0..1) of the range, with three digits; whole between whole ends above 1."""
        if self.log:
            value = math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        whole = isinstance(self.low, int) and isinstance(self.high, int) and self.high - self.low > 1
        return round(value) if whole else float(f"{value:.3g}")


Axis = Sequence[Any] | Range


def grid_cells(axes: Mapping[str, Axis]) -> list[CellValues]:
    """Return every combination of the axes' values, the last axis moving fastest.

    Raises:
        InvalidSetting: an axis without values, or a range, which has no end of them.
    """
    values: dict[str, Sequence[Any]] = {}
    for path, axis in axes.items():
        if isinstance(axis, Range):
            reason = Reason("axis_range", "a range is for a random search; a grid needs its values, such as 1,2,4.")
            raise InvalidSetting(path=path, value=f"{axis.low}..{axis.high}", reason=reason)
        if not axis:
            raise InvalidSetting(
                path=path, value="[]", reason=Reason("axis_empty", "an axis needs at least one value.")
            )
        values[path] = axis
    return [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]


def random_cells(axes: Mapping[str, Axis], count: int, seed: int = 0) -> list[CellValues]:
    """Return ``count`` different cells, each axis drawn evenly over its range or among its values.

    Raises:
        InvalidSetting: an axis without values, or fewer combinations than cells asked for.
    """
    grid_cells({path: values for path, values in axes.items() if not isinstance(values, Range)})
    draws, cells = random.Random(seed), dict[str, CellValues]()
    for _ in range(50 * count):
        cell = {path: _value_at_share(axis, draws.random()) for path, axis in axes.items()}
        cells.setdefault(repr(cell), cell)
        if len(cells) == count:
            return list(cells.values())
    reason = Reason("few_cells", "these axes have only {count} different cells.", count=len(cells))
    raise InvalidSetting(path="cells", value=count, reason=reason)


def read_axis(path: str, text: str) -> Axis:
    """Read an axis as the command line and the page write it: "1,2,4,8", "0..1" or "1..20 log".

    Raises:
        InvalidSetting: a range whose ends are no numbers in rising order, or a logarithmic one from 0 or less.
    """
    if ".." not in text:
        return [parse_value(part.strip()) for part in text.split(",") if part.strip()]
    ends, _, scale = text.strip().partition(" ")
    low, high = (parse_value(end) for end in ends.split("..", 1))
    numbers = _finite(low) and _finite(high)
    log = scale.strip() == "log"
    if not numbers or scale.strip() not in ("", "log") or low >= high or (log and low <= 0):
        words = "write a range as low..high with low below high, or 'low..high log' with both above 0."
        raise InvalidSetting(path=path, value=text[:60], reason=Reason("axis_ends", words))
    return Range(low, high, log)


def _finite(value: Any) -> bool:
    """Tell whether a value is a number with which one can calculate."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= LARGEST


def _value_at_share(axis: Axis, share: float) -> Any:
    return axis.value_at(share) if isinstance(axis, Range) else axis[min(int(share * len(axis)), len(axis) - 1)]
