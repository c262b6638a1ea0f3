"""Charts of speed: milliseconds by batch, and accuracy against milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pages.parts.charts import ROLE_OF, ROLES, log_tick_options
from pages.parts.text import t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def latency_chart(rows: pd.DataFrame) -> Figure:
    """Return the median of every arm by batch, with a whisker up to the 95th percentile; both axes are logarithmic."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for arm in rows["arm"].unique():
        timed, style = rows[rows["arm"] == arm], ROLES[ROLE_OF[arm]]
        figure.add_scatter(
            x=timed["batch"],
            y=timed["p50"],
            name=t(f"roles.{arm}"),
            mode="lines+markers",
            error_y={
                "type": "data",
                "symmetric": False,
                "array": timed["p95"] - timed["p50"],
                "arrayminus": [0] * len(timed),
            },
            marker=style.plotly_marker(10),
            line=style.plotly_line(),
            hovertemplate=f"{t(f'roles.{arm}')}<br>%{{y:.3g}} ms<extra></extra>",
        )
    batches = sorted(rows["batch"].unique())
    figure.update_xaxes(
        type="log", title=t("speed.batch"), tickvals=batches, ticktext=[str(batch) for batch in batches]
    )
    figure.update_yaxes(
        type="log", title=t("speed.milliseconds"), **log_tick_options(rows["p50"].min(), rows["p95"].max())
    )
    return _laid_out(figure)


def trade_chart(rows: pd.DataFrame, batch: int) -> Figure:
    """Return test accuracy (mean ± sd over seeds) against the median latency of one batch size, on a log axis.

    Args:
        rows: from ``trade_rows``.
        batch: of which.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for row in rows.to_dict("records"):
        sd = row["sd"]
        figure.add_scatter(
            x=[row["p50"]],
            y=[row["accuracy"]],
            name=t(f"roles.{row['arm']}"),
            mode="markers",
            error_y={"type": "data", "array": [0 if pd.isna(sd) else sd]},
            marker=ROLES[ROLE_OF[row["arm"]]].plotly_marker(13),
            hovertemplate=f"{t('roles.' + row['arm'])}<br>%{{y:.1f}} %<br>%{{x:.3g}} ms<extra></extra>",
        )
    figure.update_xaxes(type="log", title=t("speed.milliseconds_at", batch=batch), exponentformat="none", nticks=6)
    figure.update_yaxes(title=t("speed.accuracy_axis"))
    return _laid_out(figure)


def trade_rows(sizes: pd.DataFrame, timed: pd.DataFrame, batch: int) -> pd.DataFrame:
    """Return accuracy and sd in percent and the median milliseconds at ``batch``, one row per timed arm."""
    at = {row["arm"]: row for row in timed.to_dict("records") if row["batch"] == batch}
    rows = [
        {
            "arm": row["arm"],
            "accuracy": 100 * row["accuracy"],
            "sd": float("nan") if row["sd"] is None else 100 * row["sd"],
            "n": row["n"],
            "p50": at[row["arm"]]["p50"],
            "p95": at[row["arm"]]["p95"],
        }
        for row in sizes.to_dict("records")
        if row["arm"] in at
    ]
    return pd.DataFrame(rows, columns=["arm", "accuracy", "sd", "n", "p50", "p95"])


def _laid_out(figure: Figure) -> Figure:
    options: dict[str, Any] = {
        "height": 340,
        "margin": {"l": 8, "r": 8, "t": 32, "b": 8},  # room for the chart's own bar
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.2, "x": 0},
    }
    return figure.update_layout(**options)
