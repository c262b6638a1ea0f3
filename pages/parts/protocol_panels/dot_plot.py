"""Networks one above the other with their accuracies: a chain from its first link, or teachers before their student."""

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

SYMBOL: dict[Role, str] = {"teacher": "diamond", "alone": "square", "distilled": "circle", "variant": "triangle-up"}


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


def dot_plot(rungs: Sequence[DotRow], *, key: str, title: str, setting: str) -> None:
    """Draw mean and standard deviation of each network under a finding, with the numbers as a table."""
    shown = [rung for rung in rungs if rung.accuracies]
    heading(title, setting)
    plotly_chart_with_downloads(
        ladder_figure(shown),
        key=f"protocol_{key}",
        rows=ladder_rows(shown),
        alt=f"{title} {setting}",
        filename=f"protocol-{key}",
    )


def ladder_rows(rungs: Sequence[DotRow]) -> pd.DataFrame:
    """Return one row per network: what it is, mean and sd over seeds in percent, and how many seeds."""
    rows = []
    for rung in rungs:
        told = mean_sd(rung.accuracies)
        rows.append(
            {
                t("table.arm"): rung.name,
                t("protocol_view.network"): rung.network,
                t("speed.accuracy_axis"): 100 * told.mean,
                t("speed.sd"): None if told.sd is None else 100 * told.sd,
                t("speed.n"): len(told.values),
            }
        )
    return pd.DataFrame(rows)


def ladder_figure(rungs: Sequence[DotRow]) -> Figure:
    """Return a mark for each network, the first on top, with a whisker of one sd over seeds."""
    import plotly.graph_objects as go

    figure = go.Figure()
    small = '<span style="font-size:11px">{}</span>'
    names = [f"{escape_html(rung.name)}<br>{small.format(escape_html(rung.network))}" for rung in rungs]
    for rung, name in zip(rungs, names, strict=True):
        told = mean_sd(rung.accuracies)
        figure.add_scatter(
            x=[100 * told.mean],
            y=[name],
            mode="markers+text",
            text=[f"{100 * told.mean:.1f}"],
            textposition="top center",
            error_x={"type": "data", "array": [100 * (told.sd or 0.0)]},
            marker={"symbol": SYMBOL[rung.role], "size": 13, "color": ROLES[rung.role].colour},
            hovertemplate=f"{escape_html(rung.name)}<br>%{{x:.2f}} %<extra></extra>",
            showlegend=False,
        )
    figure.update_xaxes(title=t("protocol_view.ladder_axis"), ticksuffix=" %")
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], automargin=True)
    layout: dict[str, Any] = {"height": 110 + 52 * len(rungs), "margin": {"l": 8, "r": 24, "t": 32, "b": 8}}
    return figure.update_layout(**layout)
