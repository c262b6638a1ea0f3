"""Curves that grow in place: zoom and crosshair survive new points."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from pages.parts.charts.components import script, style
from pages.parts.charts.roles import ROLES, Role

MOST_POINTS: Final = 400
"""Of a series; more than a screen can show only makes every tick heavier."""

CURVE_WORDS: Final = (
    "csv",  # button
    "png",  # button
    "svg",  # button
    "reset",  # button: whole range again
    "replay",  # button: draw the recording again
    "table",  # opens the points as a table
    "help",  # how to zoom, spoken with the chart
    "band",  # {low} {high}, beside a value in the crosshair
    "summary",  # {title} {x_title} {from} {to}
    "summary_series",  # {name} {y} {x_title} {x}
    "empty",  # while there is no point yet
)
"""Keys of the texts that `live_curve` shows, looked up as `curve.<key>` in the catalogue."""

_component = st.components.v2.component("kd_curve", css=style("curve/curve"), js=script("curve/component"))


@dataclass(frozen=True)
class CurveSeries:
    """One line: points (x ascending), optionally a band from low to high.

    `variant` above 0 draws it paler and hollow: a second line of the same role, such as a single seed.
    """

    role: Role
    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    variant: int = 0

    def __post_init__(self) -> None:
        """Refuse columns of different lengths."""
        if (self.low is None) != (self.high is None):
            raise ValueError(f"The band of '{self.name}' needs both low and high.")
        for column in (self.y, self.low, self.high):
            if column is not None and len(column) != len(self.x):
                raise ValueError(f"'{self.name}' has {len(self.x)} x but {len(column)} values.")


def live_curve(
    *,
    key: str,
    series: Sequence[CurveSeries],
    words: Mapping[str, str],
    x_title: str,
    y_title: str,
    x_range: tuple[float, float],
    y_range: tuple[float, float] | None = None,
    title: str = "",
    subtitle: str = "",
    percent: bool = False,
    replay_seconds: float | None = None,
    marker_x: float | None = None,
    height: int = 320,
) -> None:
    """Lines over a constant x range that take new points without blinking.

    Args:
        key: Streamlit key; zoom and crosshair live as long as it is drawn.
        series: in the order of legend and table.
        words: a text for each of `CURVE_WORDS`.
        x_title: what x counts, such as "epoch".
        y_title: what y is, with its split and unit.
        x_range: constant while training.
        y_range: None follows the data; say so in the subtitle.
        title: the finding; ``subtitle`` is the setting.
        percent: y is a fraction and shown in percent.
        replay_seconds: draws a recording from left to right once, on first sight.
        marker_x: a vertical line at the scrubbed epoch; where the page has a scrubber, it follows that by itself.
        height: of the plot, in pixels.
    """
    texts = {"x_title": x_title, "y_title": y_title, "title": title, "subtitle": subtitle, "file": key}
    _component(
        key=key,
        data={
            "series": [series_data(line) for line in series],
            "words": {word: words[word] for word in CURVE_WORDS},
            **texts,
            "x_range": list(x_range),
            "y_range": None if y_range is None else list(y_range),
            "percent": percent,
            "replay_seconds": replay_seconds,
            "marker_x": marker_x,
            "height": height,
        },
    )


def series_data(line: CurveSeries) -> dict[str, Any]:
    """One series as the browser gets it: at most `MOST_POINTS` points, six digits each, gaps as null."""
    kept = thin(line.y, MOST_POINTS)

    def column(values: Sequence[float] | None) -> list[float | None] | None:
        return None if values is None else [_number(values[index]) for index in kept]

    return {
        "name": line.name,
        "role": line.role,
        "style": ROLES[line.role].as_data(),
        "variant": line.variant,
        "x": column(line.x),
        "y": column(line.y),
        "low": column(line.low),
        "high": column(line.high),
    }


def thin(values: Sequence[float], limit: int) -> list[int]:
    """Indices of at most `limit` values: the first, the last, and of every stretch its lowest and highest.

    `limit` is four or more. A spike of one point is therefore never lost, which every n-th point would not promise.
    """
    count = len(values)
    if count <= limit:
        return list(range(count))
    stretches = (limit - 2) // 2
    kept = {0, count - 1}
    for stretch in range(stretches):
        start = 1 + stretch * (count - 2) // stretches
        end = 1 + (stretch + 1) * (count - 2) // stretches
        finite = [index for index in range(start, end) if math.isfinite(values[index])]
        if finite:
            kept |= {min(finite, key=values.__getitem__), max(finite, key=values.__getitem__)}
        elif start < end:
            kept.add(start)  # a gap stays a gap
    return sorted(kept)


def _number(value: float) -> float | None:
    """Six digits are finer than a pixel; JSON has neither NaN nor infinity."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
