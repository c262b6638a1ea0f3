"""Charts of a finished sweep: all cells as parallel lines, and accuracy against the work of one image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kd_core.results import SweepCell, SweepResults, is_number, ordered, pareto_front
from pages.parts.charts import ROLES, log_ticks
from pages.parts.sweep.sentences import Axes, cell_name
from pages.parts.text import escape_html, t, value_text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

DIVERGING: Final = [[0.0, "#8c510a"], [0.5, "#a0a0a0"], [1.0, "#01665e"]]
"""The map's hues, dark enough for thin lines on white and light enough on black; 0 is in the middle."""


def cell_rows(sweep: SweepResults, axes: Axes) -> pd.DataFrame:
    """Return one row per cell as a reader sees it: settings, gain with interval, accuracies, size and state."""
    best, rows = sweep.best, []
    for cell in sweep.cells:
        low, high = cell.interval or (None, None)
        marks = [t("map.best")] if best is not None and cell.index == best.index else []
        marks += [t(f"status.{cell.trouble}")] if cell.trouble else []
        rows.append(
            {
                **{axes[path].full: value for path, value in cell.values.items()},
                t("sweep.column_gain"): cell.gain,
                t("sweep.column_low"): low,
                t("sweep.column_high"): high,
                t("sweep.column_n"): cell.n,
                t("sweep.column_accuracy"): _percent(cell.accuracy),
                t("sweep.column_alone"): _percent(cell.alone),
                t("sweep.column_validation"): _percent(cell.validation),
                t("sweep.column_macs"): cell.macs,
                t("sweep.column_mark"): ", ".join(marks),
            }
        )
    return pd.DataFrame(rows)


def parallel_figure(sweep: SweepResults, axes: Axes) -> Figure:
    """Return one line per cell through its settings, its accuracy and its gain, coloured by the gain."""
    import plotly.graph_objects as go

    cells = [cell for cell in sweep.cells if cell.gain is not None]
    gains = [cell.gain or 0.0 for cell in cells]
    limit = max(map(abs, gains), default=1.0) or 1.0
    dimensions = [_dimension(sweep, path, axes[path].full, cells) for path in sweep.axes]
    measured = [("column_validation", "validation"), ("column_accuracy", "accuracy")]
    for key, name in measured:
        values = [_percent(getattr(cell, name)) for cell in cells]
        dimensions.append({"label": t(f"sweep.{key}"), "values": values, "tickformat": ".1f"})
    dimensions.append({"label": t("sweep.column_gain"), "values": gains, "tickformat": "+.1f"})
    colours = {"color": gains, "colorscale": DIVERGING, "cmin": -limit, "cmax": limit}
    line = go.Parcoords(line=colours, dimensions=dimensions, labelfont_size=12, tickfont_size=11)
    margin = {"l": 70, "r": 60, "t": 84, "b": 24}  # room for the chart's own bar
    return go.Figure([line], {"height": 400, "margin": margin})


def front_figure(sweep: SweepResults, axes: Axes) -> Figure:
    """Return test accuracy against MACs: every cell, and a line through those to which none is preferable."""
    import plotly.graph_objects as go

    cells = [cell for cell in sweep.cells if cell.macs and cell.accuracy is not None]
    best = pareto_front(cells)
    colour = ROLES["distilled"].colour
    figure = go.Figure()
    figure.add_scatter(**_points(cells, axes), mode="markers", name=t("sweep.front_cell"), marker=_hollow(colour))
    line = {"color": colour, "dash": "dashdot", "width": 2, "shape": "hv"}
    filled = {"symbol": "circle", "size": 11, "color": colour}
    figure.add_scatter(
        **_points(best, axes), mode="lines+markers", name=t("sweep.front_line"), line=line, marker=filled
    )
    alone = {cell.macs or 1: cell for cell in cells}
    square = {"symbol": "square", "size": 8, "color": ROLES["alone"].colour}
    figure.add_scatter(
        x=list(alone),
        y=[_percent(cell.alone) for cell in alone.values()],
        mode="markers",
        name=t("roles.alone"),
        marker=square,
    )
    ticks = log_ticks(min(alone, default=1), max(alone, default=1))
    shown = {"tickvals": ticks, "ticktext": [f"{tick:,.0f}" for tick in ticks]}
    figure.update_xaxes(type="log", title=t("sweep.column_macs"), **shown)
    figure.update_yaxes(title=t("sweep.column_accuracy"))
    legend = {"orientation": "h", "yanchor": "top", "y": -0.2, "x": 0}
    layout: dict[str, Any] = {"height": 380, "margin": {"l": 8, "r": 8, "t": 32, "b": 8}, "legend": legend}
    return figure.update_layout(**layout)


def _points(cells: Any, axes: Axes) -> dict[str, Any]:
    return {
        "x": [cell.macs for cell in cells],
        "y": [_percent(cell.accuracy) for cell in cells],
        "text": [escape_html(cell_name(cell, axes)) for cell in cells],
        "hovertemplate": "%{text}<br>%{y:.1f} %<br>%{x:,} MACs<extra></extra>",
    }


def _hollow(colour: str) -> dict[str, Any]:
    return {"symbol": "circle-open", "size": 9, "color": colour}


def _dimension(sweep: SweepResults, path: str, label: str, cells: list[SweepCell]) -> dict[str, Any]:
    """Return an axis of the parallel lines: numbers as they are, few or named ones at even places."""
    values = ordered(sweep.axes[path])
    if all(is_number(value) for value in values) and len(values) > 12:
        return {"label": label, "values": [cell.values[path] for cell in cells]}
    places = list(range(len(values)))
    shown = {"tickvals": places, "ticktext": [escape_html(value_text(value)) for value in values]}
    return {"label": label, "values": [values.index(cell.values[path]) for cell in cells], **shown}


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
