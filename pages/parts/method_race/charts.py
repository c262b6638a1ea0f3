"""Charts of a method race: gain with interval by technique, agreement against accuracy, and calibration with time."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from kd_core.results import ArmResult, TechniqueResult, Verdict
from kd_core.vocabulary import SOFT_TARGETS
from pages.parts.charts import ROLES
from pages.parts.method_race.sentences import points, technique
from pages.parts.text import escape_html, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HIGHLIGHTED: Final = ROLES["distilled"].colour
GREY: Final = "#7A7A7A"
LABEL_LETTERS: Final = 22
ALONE: Final = "alone"
SQUARE: Final = {"symbol": "square", "size": 10, "color": ROLES["alone"].colour}


def gain_figure(techniques: Sequence[TechniqueResult]) -> Figure:
    """Return one row a technique: its gain over the student alone with its interval; that student is the one at 0."""
    import plotly.graph_objects as go

    figure = go.Figure()
    verdicts = {result.name: result.over_alone for result in techniques if result.over_alone is not None}
    for name, verdict in verdicts.items():
        sure = verdict.outcome in ("better", "worse")
        figure.add_scatter(
            x=[verdict.difference_pp],
            y=[name],
            mode="markers",
            marker={"symbol": "circle" if sure else "circle-open", "size": 11, "color": _colour(name)},
            hovertemplate=f"{_hover(name, verdict)}<extra></extra>",
            error_x=_whiskers(verdict, name),
        )
    figure.add_vline(x=0, line={"color": ROLES["alone"].colour, "dash": "dot", "width": 2})
    figure.add_scatter(x=[0], y=[ALONE], mode="markers", marker=SQUARE, hoverinfo="skip")
    gains = {name: verdict.difference_pp for name, verdict in verdicts.items()}
    if SOFT_TARGETS in gains:
        figure.add_vline(x=gains[SOFT_TARGETS], line={"color": HIGHLIGHTED, "dash": "dashdot", "width": 1})
    figure.update_xaxes(title=t("sweep.gain_axis"), zeroline=False)
    order = sorted([*gains, ALONE], key=lambda name: -gains.get(name, 0.0))
    return _laid_out(figure, order, 96 + _row_height(order) * len(order))


def agreement_figure(techniques: Sequence[TechniqueResult], alone: ArmResult | None) -> Figure:
    """Return test accuracy against agreement with the teacher, in percent, a mark a technique."""
    import plotly.graph_objects as go

    figure = go.Figure()
    names = [result.name for result in techniques]
    labelled = SOFT_TARGETS if SOFT_TARGETS in names else names[0]
    students = [*(result.student for result in techniques), *([alone] if alone else [])]
    agreements = [mean_of(arm, "agreement") for arm in students if arm.measures["agreement"]]

    def side(arm: ArmResult) -> str:
        middle = (min(agreements) + max(agreements)) / 2
        return "right" if mean_of(arm, "agreement") < middle else "left"  # away from the edge

    for result in sorted(techniques, key=lambda result: result.name == labelled):  # what is named lies on top
        if result.student.measures["agreement"]:
            title = escape_html(technique(result.name))
            marker = {"symbol": "circle", "size": 11, "color": _colour(result.name)}
            label = f"top {side(result.student)}" if result.name == labelled else ""
            _mark(figure, result.student, title, marker, label)
    if alone and alone.measures["agreement"]:
        _mark(figure, alone, t("roles.alone"), SQUARE, f"bottom {side(alone)}")
    figure.update_xaxes(title=t("method_race.agreement_axis"))
    figure.update_yaxes(title=t("method_race.accuracy_axis"))
    return figure.update_layout(_layout(340))


def cost_figure(techniques: Sequence[TechniqueResult], alone: ArmResult | None) -> Figure:
    """Return two panels that share the techniques: calibration error in percent, and seconds of training."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.1)
    panels = (("ece", 100.0, "%{x:.1f} %", _ece), ("seconds", 1.0, "%{x:.2f} s", _seconds))
    for column, (name, factor, shown, read) in enumerate(panels, start=1):
        for result in techniques:
            figure.add_scatter(
                x=[factor * read(result.student)],
                y=[result.name],
                mode="markers",
                marker={"symbol": "circle", "size": 9, "color": _colour(result.name)},
                hovertemplate=f"{escape_html(technique(result.name))}<br>{shown}<extra></extra>",
                row=1,
                col=column,
            )
        if alone:
            line = {"color": ROLES["alone"].colour, "dash": "dot", "width": 2}
            figure.add_vline(x=factor * read(alone), line=line, row=1, col=column)
        figure.update_xaxes(title=t(f"method_race.{name}_axis"), rangemode="tozero", row=1, col=column)
    names = [result.name for result in techniques]
    return _laid_out(figure, names, max(340, 96 + _row_height(names) * len(names)))


def mean_of(arm: ArmResult, name: str) -> float:
    """Return an arm's mean of a measure; NaN where it does not apply."""
    measure = arm.measures[name]
    return math.nan if measure is None else measure.mean


def _ece(arm: ArmResult) -> float:
    return mean_of(arm, "ece")


def _seconds(arm: ArmResult) -> float:
    return arm.seconds


def _mark(figure: Figure, arm: ArmResult, title: str, marker: Mapping[str, Any], label: str) -> None:
    """Draw one network; ``label`` says where its name stands, nothing for no name."""
    figure.add_scatter(
        x=[100 * mean_of(arm, "agreement")],
        y=[100 * mean_of(arm, "accuracy")],
        mode="markers+text" if label else "markers",
        text=[title],
        textposition=label or None,
        cliponaxis=False,
        marker=marker,
        hovertemplate=f"{title}<br>%{{x:.1f}} % · %{{y:.1f}} %<extra></extra>",
    )


def _whiskers(verdict: Verdict, name: str) -> dict[str, Any]:
    if verdict.ci95_pp is None:
        return {"visible": False}
    (low, high), middle = verdict.ci95_pp, verdict.difference_pp
    ends = {"array": [high - middle], "arrayminus": [middle - low]}
    return {"type": "data", **ends, "color": _colour(name), "thickness": 2, "width": 5}


def _hover(name: str, verdict: Verdict) -> str:
    gain = t("method_race.hover", gain=points(verdict), n=verdict.seeds)
    return f"{escape_html(technique(name))}<br>{escape_html(gain)}"


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


def _row_height(names: Sequence[str]) -> int:
    """Return how many pixels high a row must be for the name with the most lines."""
    titles = [t("roles.alone") if name == ALONE else technique(name) for name in names]
    return 12 + 14 * max(len(textwrap.wrap(title, LABEL_LETTERS)) for title in titles)


def _layout(height: int) -> dict[str, Any]:
    # Room above for the chart's own bar.
    return {"height": height, "margin": {"l": 8, "r": 8, "t": 32, "b": 8}, "showlegend": False}
