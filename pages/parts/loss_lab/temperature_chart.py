"""The terms' pull over temperature: its numbers as rows, and two charts of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from kd_core.logit_losses import TemperaturePulls
from kd_core.results import Floats
from pages.parts.charts import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE, ROLES, log_tick_options
from pages.parts.text import temperature_text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure, Scatter

TEMPERATURES: Final = (0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 70, 100)
HEIGHT: Final = 330
MARK: Final = "#808080"
"""Of the line at the loss's own temperature, which is seen in both themes."""
LINES: Final = ("with_t2", "without_t2", "labels", "limit")
"""The lines of the pulls, each a key of the words that the chart is given."""


def pull_rows(pulls: TemperaturePulls) -> pd.DataFrame:
    """Return a row per temperature; column names are the same in every language, since other programs read them."""
    return pd.DataFrame(
        {
            "temperature": pulls.temperatures,
            "teacher_pull_with_t2": pulls.with_t2,
            "teacher_pull_without_t2": pulls.without_t2,
            "label_pull": pulls.labels,
            "high_temperature_limit": pulls.limit,
            "distance_from_limit": pulls.distance,
            "images": pulls.images,
        }
    )


def pull_figure(pulls: TemperaturePulls, temperature: float, words: Mapping[str, str]) -> Figure:
    """Draw the pulls with and without T², the labels' beside them, and the limit; both axes are logarithmic.

    Args:
        pulls: to draw; a pull of 0 has no place on such an axis and is left out.
        temperature: the loss's own, marked by a line.
        words: titles of the axes, ``temperature`` and ``pull``, and names of the ``LINES``.
    """
    from plotly import graph_objects as go  # half a second that no first paint should wait for

    teacher, alone, variant = (ROLES[role] for role in ("teacher", "alone", "variant"))
    dashed = {**teacher.plotly_line(), "dash": "dash"}
    limit = np.full_like(pulls.temperatures, pulls.limit)
    traces = [
        _line(pulls.temperatures, limit, words["limit"], variant.plotly_line(4), None),
        _line(pulls.temperatures, pulls.labels, words["labels"], alone.plotly_line(), alone.plotly_marker(5)),
        _line(pulls.temperatures, pulls.without_t2, words["without_t2"], dashed, {"symbol": "diamond-open", "size": 7}),
        _line(pulls.temperatures, pulls.with_t2, words["with_t2"], teacher.plotly_line(), teacher.plotly_marker(7)),
    ]
    positive = [value for trace in traces for value in trace.y if value > 0]
    y_axis = {"title": words["pull"], "type": "log", "exponentformat": "power", "dtick": 1}
    if positive:
        y_axis["range"] = [np.log10(min(positive)) - 0.15, np.log10(max(positive)) + 0.15]
    return go.Figure(traces, {**_frame(temperature, words), "yaxis": y_axis})


def distance_figure(pulls: TemperaturePulls, temperature: float, words: Mapping[str, str]) -> Figure:
    """Draw how far the teacher's gradient is from that of centred logits, in per cent of the latter.

    Args:
        pulls: to draw.
        temperature: the loss's own, marked by a line.
        words: titles of the axes, ``temperature`` and ``distance``.
    """
    from plotly import graph_objects as go

    variant = ROLES["variant"]
    line = _line(
        pulls.temperatures, 100 * pulls.distance, words["distance"], variant.plotly_line(), variant.plotly_marker(7)
    )
    y_axis = {"title": words["distance"], "rangemode": "tozero", "ticksuffix": " %"}
    return go.Figure([line], {**_frame(temperature, words), "yaxis": y_axis, "showlegend": False})


def _line(x: Floats, y: Floats, name: str, line: dict[str, Any], marker: dict[str, Any] | None) -> Scatter:
    from plotly import graph_objects as go

    drawn = np.where(y > 0, y, np.nan)
    mode = "lines" if marker is None else "lines+markers"
    hover = "T = %{x:g}: %{y:.3g}<extra>" + name + "</extra>"
    return go.Scatter(x=x, y=drawn, name=name, line=line, marker=marker, mode=mode, hovertemplate=hover)


def _frame(temperature: float, words: Mapping[str, str]) -> dict[str, Any]:
    """Return axis of temperature, legend, and the mark at the loss's own temperature."""
    low, high = LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE
    edges = [np.log10(low) - 0.05, np.log10(high) + 0.05]
    inside = low <= temperature <= high
    mark = {"type": "line", "x0": temperature, "x1": temperature, "y0": 0, "y1": 1, "yref": "paper"}
    label = {
        "text": f"T = {temperature_text(temperature)}",
        "textposition": "end",
        "textangle": 0,
        "xanchor": "left",
        "yanchor": "top",
    }
    return {
        "xaxis": {"title": words["temperature"], "type": "log", "range": edges, **log_tick_options(low, high)},
        "shapes": [{**mark, "line": {"dash": "dot", "width": 1.5, "color": MARK}, "label": label}] if inside else [],
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.22, "x": 0},  # above stand the chart's own buttons
        "margin": {"l": 10, "r": 10, "t": 34, "b": 10},
        "height": HEIGHT,
    }
