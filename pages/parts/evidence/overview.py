"""The figure of all claims: how large each effect is, on one scale, and whether it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from pages.parts.charts import settled_chart_with_downloads
from pages.parts.evidence.chart import OURS, PUBLISHED
from pages.parts.evidence.files import Document, localised
from pages.parts.text import t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

WIDEST: Final = 100.0
"""The scale ends where all errors have gone, or as many have come; what is beyond is drawn at the end."""
SYMBOLS: Final[Mapping[str, str]] = {"holds": "circle", "open": "circle-open", "opposite": "x"}
VERDICTS: Final = ("opposite", "open", "holds")
LINE, FRAME = 21, 148


def overview(experiments: Sequence[Document]) -> None:
    """Draw the claims that have an effect, and name those that have none or are waiting."""
    rows = overview_rows(experiments)
    if len(rows):
        written = " ".join(f"{experiment['name']}{experiment['written']}" for experiment in experiments)
        st.markdown(t("evidence.overview", **counts(rows)))
        settled_chart_with_downloads(
            lambda: overview_chart(rows),
            key="evidence_overview",
            rows=lambda: _translated(rows),
            alt=f"{t('evidence.overview', **counts(rows))} {t('evidence.overview_alt')}",
            filename="evidence-effects",
            settled=written,
        )
    for place, names in undrawn(experiments).items():
        if names:
            st.caption(t(f"evidence.undrawn.{place}", claims=t("evidence.between").join(names)))


def deciding(experiment: Document) -> Mapping[str, Any] | None:
    """Return the direction on which a claim hangs: of those with an effect, the one whose interval reaches lowest."""
    drawn = [direction for direction in experiment["directions"] if direction["effect_mean"] is not None]
    lowest = lambda direction: (direction["effect_ci95"] or [direction["effect_mean"]])[0]  # noqa: E731
    return min(drawn, key=lowest, default=None)


def verdict(direction: Mapping[str, Any]) -> str:
    """Return "holds", "opposite" where the interval lies wholly on the other side of what is asked, else "open"."""
    if direction["holds"]:
        return "holds"
    return "opposite" if direction["ci95"] and direction["ci95"][1] < direction["least"] else "open"


def overview_rows(experiments: Sequence[Document]) -> pd.DataFrame:
    """Return one row a claim with an effect: what fails first, and in each group the smallest first."""
    rows = [_row(experiment, found) for experiment in experiments if (found := deciding(experiment)) is not None]
    order = sorted(rows, key=lambda row: (VERDICTS.index(row["verdict"]), row["effect"]))
    columns = ("claim", "compared", "effect", "low", "high", "published", "verdict", "n", "detectable", "source")
    return pd.DataFrame(order, columns=list(columns))


def _row(experiment: Document, direction: Mapping[str, Any]) -> dict[str, Any]:
    label = {figure["key"]: localised(figure["label"]) for figure in experiment["figures"]}
    low, high = direction["effect_ci95"] or (None, None)
    difference = abs(direction["difference"])
    scale = abs(direction["effect_mean"]) / difference if difference else 0.0
    least = f"{direction['least']:g}"
    return {
        "claim": localised(experiment["title"]),
        "compared": f"{label[direction['higher']]} > {label.get(direction['lower'], least)}",
        "effect": direction["effect_mean"],
        "low": low,
        "high": high,
        "published": direction["effect_published"],
        "verdict": verdict(direction),
        "n": len(experiment["seeds"]),
        "detectable": None if direction["detectable"] is None else scale * direction["detectable"],
        "source": experiment["source"],
    }


def counts(rows: pd.DataFrame) -> dict[str, int]:
    """Return how many rows have which verdict, and how many there are."""
    return {name: int((rows["verdict"] == name).sum()) for name in VERDICTS} | {"all": len(rows)}


def undrawn(experiments: Sequence[Document]) -> dict[str, list[str]]:
    """Return the titles of claims that are not in the figure, by why: no effect, waiting, or not affordable.

    Beside these, those whose numbers are from an earlier, shortened run.
    """
    places: dict[str, list[str]] = {"no_effect": [], "shortened": [], "not_affordable": [], "not_recorded": []}
    for experiment in experiments:
        if experiment["shortened"]:
            places["shortened"].append(localised(experiment["title"]))
        if deciding(experiment) is None:
            outcome = experiment["outcome"].replace(" ", "_")
            place = outcome if outcome in places else "no_effect"
            title, words = localised(experiment["title"]), t(f"evidence.outcome.{outcome}")
            places[place].append(t("evidence.titled", title=title, outcome=words) if place == "no_effect" else title)
    return places


def overview_chart(rows: pd.DataFrame) -> Figure:
    """Return one line a claim: a mark with its interval by verdict, and an open diamond for the published effect."""
    import plotly.graph_objects as go

    figure, labels = go.Figure(), rows["claim"].tolist()
    published = rows["published"].astype("Float64")
    if published.notna().any():
        figure.add_scatter(
            x=published.dropna().tolist(),
            y=[label for label, known in zip(labels, published.notna(), strict=True) if known],
            name=t("evidence.published"),
            mode="markers",
            marker={"symbol": "diamond-open", "size": 12, "color": PUBLISHED, "line": {"width": 2}},
            hovertemplate=f"{t('evidence.published')}: %{{x:.0f}} %<extra></extra>",
        )
    for name in VERDICTS:
        chosen = [at for at, row in enumerate(rows["verdict"]) if row == name]
        if chosen:
            figure.add_scatter(**_marks(rows.iloc[chosen], [labels[at] for at in chosen], name))
    figure.add_vline(x=0, line_width=1, line_color=PUBLISHED)
    figure.update_yaxes(
        autorange="reversed", automargin=True, categoryarray=labels, categoryorder="array", tickfont={"size": 12}
    )
    ends = rows[["effect", "low", "published"]].astype("Float64").min().min()
    title = {"text": t("evidence.axis.effect"), "standoff": 8}
    figure.update_xaxes(title=title, range=[max(-WIDEST, min(-10.0, float(ends))) - 5, WIDEST + 5])
    return figure.update_layout(
        height=FRAME + LINE * len(rows),
        margin={"l": 8, "r": 8, "t": 32, "b": 116},  # room for the chart's own bar above and the legend below
        legend={"orientation": "h", "font": {"size": 12}, "yref": "container", "yanchor": "bottom", "y": 0, "x": 0},
    )


def _marks(rows: pd.DataFrame, labels: Sequence[str], name: str) -> dict[str, Any]:
    """Return a Plotly trace of the claims of one verdict."""
    middle, ends = rows["effect"].clip(-WIDEST, WIDEST), rows[["low", "high"]].astype(float)
    return {
        "x": middle.tolist(),
        "y": list(labels),
        "name": t(f"evidence.verdict.{name}"),
        "mode": "markers",
        "marker": {"symbol": SYMBOLS[name], "size": 11, "color": OURS, "line": {"width": 2.5, "color": OURS}},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": (ends["high"].clip(upper=WIDEST) - middle).clip(lower=0).fillna(0).tolist(),
            "arrayminus": (middle - ends["low"].clip(lower=-WIDEST)).clip(lower=0).fillna(0).tolist(),
        },
        "customdata": rows[["compared", "effect", "n"]].to_numpy().tolist(),
        "hovertemplate": t("evidence.overview_hover") + "<extra></extra>",
    }


def _translated(rows: pd.DataFrame) -> pd.DataFrame:
    shown = rows.assign(verdict=[t(f"evidence.verdict.{name}") for name in rows["verdict"]])
    return shown.rename(columns={name: t(f"evidence.overview_column.{name}") for name in shown.columns})
