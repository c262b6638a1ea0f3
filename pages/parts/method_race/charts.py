"""Charts of a method race: gain with interval by technique, agreement against accuracy, and calibration with time."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from kd_core.vocabulary import SOFT_TARGETS
from pages.parts.charts import ROLES
from pages.parts.method_race.sentences import Row, points, technique
from pages.parts.text import escape_html, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HIGHLIGHTED: Final = ROLES["distilled"].colour
GREY: Final = "#7A7A7A"
LABEL_LETTERS: Final = 22
ALONE: Final = "alone"
SQUARE: Final = {"symbol": "square", "size": 10, "color": ROLES["alone"].colour}


def gain_figure(rows: Sequence[Row]) -> Figure:
    """Return one row a technique: its gain over the student alone with its interval; that student is the one at 0."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for row in rows:
        judged = row["over_alone"]
        sure = judged["outcome"] in ("better", "worse")
        figure.add_scatter(
            x=[judged["difference_pp"]],
            y=[row["name"]],
            mode="markers",
            marker={"symbol": "circle" if sure else "circle-open", "size": 11, "color": _colour(row["name"])},
            hovertemplate=f"{_hover(row)}<extra></extra>",
            error_x=_whiskers(judged, row["name"]),
        )
    figure.add_vline(x=0, line={"color": ROLES["alone"].colour, "dash": "dot", "width": 2})
    figure.add_scatter(x=[0], y=[ALONE], mode="markers", marker=SQUARE, hoverinfo="skip")
    gains = {row["name"]: row["over_alone"]["difference_pp"] for row in rows}
    if SOFT_TARGETS in gains:
        figure.add_vline(x=gains[SOFT_TARGETS], line={"color": HIGHLIGHTED, "dash": "dashdot", "width": 1})
    figure.update_xaxes(title=t("sweep.gain_axis"), zeroline=False)
    order = sorted([*gains, ALONE], key=lambda name: -gains.get(name, 0.0))
    return _laid_out(figure, order, 96 + _row(order) * len(order))


def agreement_figure(rows: Sequence[Row], alone: Mapping[str, Any] | None) -> Figure:
    """Return test accuracy against agreement with the teacher, in percent, a mark a technique."""
    import plotly.graph_objects as go

    figure = go.Figure()
    named = [row["name"] for row in rows if row["name"] == SOFT_TARGETS] or [rows[0]["name"]]
    known = [facts["agreement"]["mean"] for facts in [*rows, *([alone] if alone else [])] if facts["agreement"]]

    def side(facts: Mapping[str, Any]) -> str:
        return "right" if facts["agreement"]["mean"] < (min(known) + max(known)) / 2 else "left"  # away from the edge

    for row in sorted(rows, key=lambda row: row["name"] in named):  # what is named lies above the others
        if row["agreement"]:
            title = escape_html(technique(row["name"]))
            marker = {"symbol": "circle", "size": 11, "color": _colour(row["name"])}
            _mark(figure, row, title, marker, f"top {side(row)}" if row["name"] in named else "")
    if alone and alone["agreement"]:
        _mark(figure, alone, t("roles.alone"), SQUARE, f"bottom {side(alone)}")
    figure.update_xaxes(title=t("method_race.agreement_axis"))
    figure.update_yaxes(title=t("method_race.accuracy_axis"))
    return figure.update_layout(_layout(340))


def cost_figure(rows: Sequence[Row], alone: Mapping[str, Any] | None) -> Figure:
    """Return two panels that share the techniques: calibration error in percent, and seconds of training."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.1)
    panels = (("ece", 100.0, "%{x:.1f} %", _mean_ece), ("seconds", 1.0, "%{x:.2f} s", _seconds))
    for column, (name, factor, shown, read) in enumerate(panels, start=1):
        for row in rows:
            figure.add_scatter(
                x=[factor * read(row)],
                y=[row["name"]],
                mode="markers",
                marker={"symbol": "circle", "size": 9, "color": _colour(row["name"])},
                hovertemplate=f"{escape_html(technique(row['name']))}<br>{shown}<extra></extra>",
                row=1,
                col=column,
            )
        if alone:
            line = {"color": ROLES["alone"].colour, "dash": "dot", "width": 2}
            figure.add_vline(x=factor * read(alone), line=line, row=1, col=column)
        figure.update_xaxes(title=t(f"method_race.{name}_axis"), rangemode="tozero", row=1, col=column)
    names = [row["name"] for row in rows]
    return _laid_out(figure, names, max(340, 96 + _row(names) * len(names)))


def _mean_ece(facts: Mapping[str, Any]) -> float:
    return float(facts["ece"]["mean"])


def _seconds(facts: Mapping[str, Any]) -> float:
    return float(facts["seconds"])


def _mark(figure: Figure, facts: Mapping[str, Any], title: str, marker: Mapping[str, Any], label: str) -> None:
    """Draw one network; ``label`` says where its name stands, nothing for no name."""
    figure.add_scatter(
        x=[100 * facts["agreement"]["mean"]],
        y=[100 * facts["accuracy"]["mean"]],
        mode="markers+text" if label else "markers",
        text=[title],
        textposition=label or None,
        cliponaxis=False,
        marker=marker,
        hovertemplate=f"{title}<br>%{{x:.1f}} % · %{{y:.1f}} %<extra></extra>",
    )


def _whiskers(judged: Mapping[str, Any], name: str) -> dict[str, Any]:
    if judged["ci95_pp"] is None:
        return {"visible": False}
    (low, high), middle = judged["ci95_pp"], judged["difference_pp"]
    ends = {"array": [high - middle], "arrayminus": [middle - low]}
    return {"type": "data", **ends, "color": _colour(name), "thickness": 2, "width": 5}


def _hover(row: Row) -> str:
    judged = row["over_alone"]
    told = t("method_race.hover", gain=points(judged), n=judged["seeds"])
    return f"{escape_html(technique(row['name']))}<br>{escape_html(told)}"


def _colour(name: str) -> str:
    return HIGHLIGHTED if name == SOFT_TARGETS else GREY


def _laid_out(figure: Figure, names: Sequence[str], height: int) -> Figure:
    """Put the techniques from top to bottom in their order, by name on the axis and by title for the reader."""
    figure.update_yaxes(
        categoryorder="array",
        categoryarray=list(names)[::-1],
        tickvals=list(names),
        ticktext=[_wrapped(t("roles.alone") if name == ALONE else technique(name)) for name in names],
        range=[-0.6, len(names) - 0.4],
        automargin=True,
        showgrid=False,
    )
    return figure.update_layout(_layout(height))


def _wrapped(title: str) -> str:
    return "<br>".join(escape_html(line) for line in textwrap.wrap(title, LABEL_LETTERS))


def _row(names: Sequence[str]) -> int:
    """Return how many pixels high a row must be for the name with the most lines."""
    titles = [t("roles.alone") if name == ALONE else technique(name) for name in names]
    return 12 + 14 * max(len(textwrap.wrap(title, LABEL_LETTERS)) for title in titles)


def _layout(height: int) -> dict[str, Any]:
    # Room above for the chart's own bar.
    return {"height": height, "margin": {"l": 8, "r": 8, "t": 32, "b": 8}, "showlegend": False}
