"""A dot plot: networks one above the other with their accuracies, such as a chain from its first link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from kd_core.results import mean_sd
from pages.parts.charts import ROLES, Role, plotly_chart_with_downloads
from pages.parts.protocol_panels.base import heading
from pages.parts.text import escape_html, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@dataclass(frozen=True)
class DotRow:
    """One network.

    Args:
        role: how it is drawn.
        name: what it is, and ``network`` which.
        accuracies: on test, a fraction for each seed.
    """

    role: Role
    name: str
    network: str
    accuracies: Sequence[float]


def dot_plot(dots: Sequence[DotRow], *, key: str, title: str, setting: str) -> None:
    """Draw mean and standard deviation of each network under a finding, with the numbers as a table."""
    shown = [dot for dot in dots if dot.accuracies]
    heading(title, setting)
    plotly_chart_with_downloads(
        dot_figure(shown),
        key=f"protocol_{key}",
        rows=dot_table(shown),
        alt=f"{title} {setting}",
        filename=f"protocol-{key}",
    )


def dot_table(dots: Sequence[DotRow]) -> pd.DataFrame:
    """Return one row per network: what it is, mean and sd over seeds in percent, and how many seeds."""
    rows = []
    for dot in dots:
        accuracy = mean_sd(dot.accuracies)
        rows.append(
            {
                t("table.arm"): dot.name,
                t("protocol_view.network"): dot.network,
                t("speed.accuracy_axis"): 100 * accuracy.mean,
                t("speed.sd"): None if accuracy.sd is None else 100 * accuracy.sd,
                t("speed.n"): len(accuracy.values),
            }
        )
    return pd.DataFrame(rows)


def dot_figure(dots: Sequence[DotRow]) -> Figure:
    """Return a mark for each network, the first on top, with a whisker of one sd over seeds."""
    import plotly.graph_objects as go

    figure = go.Figure()
    small = '<span style="font-size:11px">{}</span>'
    names = [f"{escape_html(dot.name)}<br>{small.format(escape_html(dot.network))}" for dot in dots]
    for dot, name in zip(dots, names, strict=True):
        accuracy = mean_sd(dot.accuracies)
        figure.add_scatter(
            x=[100 * accuracy.mean],
            y=[name],
            mode="markers+text",
            text=[f"{100 * accuracy.mean:.1f}"],
            textposition="top center",
            error_x={"type": "data", "array": [100 * (accuracy.sd or 0.0)]},
            marker=ROLES[dot.role].plotly_marker(13),
            hovertemplate=f"{escape_html(dot.name)}<br>%{{x:.2f}} %<extra></extra>",
            showlegend=False,
        )
    figure.update_xaxes(title=t("protocol_view.ladder_axis"), ticksuffix=" %")
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], automargin=True)
    layout: dict[str, Any] = {"height": 110 + 52 * len(dots), "margin": {"l": 8, "r": 24, "t": 32, "b": 8}}
    return figure.update_layout(**layout)
