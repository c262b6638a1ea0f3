"""The chart of one claim: our means with their intervals beside the published marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from pages.parts.evidence.files import Document, localised
from pages.parts.text import t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

OURS, PUBLISHED = "#8E5BB5", "#7A838C"
"""No role's colour: these marks stand for who measured, not for who learned. Both are 3:1 on either theme."""
LINE, FRAME = 44, 140


def drawn(experiment: Document) -> list[Mapping[str, Any]]:
    """Return the figures that the claim's chart sets side by side, as far as they were measured."""
    return [figure for figure in experiment["figures"] if figure["values"] and figure["key"] in experiment["chart"]]


def chart_rows(figures: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return label, published figure, our mean and the ends of its interval, one row a figure."""
    ends = [figure["ci95"] or (None, None) for figure in figures]
    return pd.DataFrame(
        {
            "figure": [localised(figure["label"]) for figure in figures],
            "published": pd.array([figure["published"] for figure in figures], dtype="Float64"),
            "ours": [figure["mean"] for figure in figures],
            "low": pd.array([low for low, _ in ends], dtype="Float64"),
            "high": pd.array([high for _, high in ends], dtype="Float64"),
            "n": [len(figure["values"]) for figure in figures],
        }
    )


def evidence_chart(rows: pd.DataFrame, unit: str) -> Figure:
    """Return a line for each figure: a filled circle with whiskers for ours, an open diamond for the published one."""
    import plotly.graph_objects as go

    figure = go.Figure()
    published = rows[rows["published"].notna()]
    if len(published):
        figure.add_scatter(
            x=published["published"].tolist(),
            y=published["figure"],
            name=t("evidence.published"),
            mode="markers",
            marker={"symbol": "diamond-open", "size": 13, "color": PUBLISHED, "line": {"width": 2.5}},
            hovertemplate=f"{t('evidence.published')}: %{{x:,.5~g}}<extra></extra>",
        )
    figure.add_scatter(
        x=rows["ours"],
        y=rows["figure"],
        name=t("evidence.ours"),
        mode="markers",
        marker={"symbol": "circle", "size": 11, "color": OURS},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": (rows["high"] - rows["ours"]).fillna(0).tolist(),
            "arrayminus": (rows["ours"] - rows["low"]).fillna(0).tolist(),
        },
        hovertemplate=f"{t('evidence.ours')}: %{{x:,.5~g}}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", automargin=True, categoryarray=rows["figure"], categoryorder="array")
    title = t(f"evidence.axis.{'percent' if unit == '%' else unit or 'number'}")
    least, most = (rows[["published", "ours", "low", "high"]].agg(end).agg(end) for end in ("min", "max"))
    zoomed = least > most / 2
    figure.update_xaxes(
        title=t("evidence.zoomed", axis=title) if zoomed else title,
        rangemode="normal" if zoomed else "tozero",
        nticks=6,
    )
    return figure.update_layout(
        height=FRAME + LINE * len(rows),
        margin={"l": 8, "r": 8, "t": 32, "b": 72},  # room for the chart's own bar above and the legend below
        legend={"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0},
    )
