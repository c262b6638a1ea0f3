"""The race's curves: which there are, and how each is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import streamlit as st

from kd_core.results import RaceData
from kd_core.store import MemberRow, RunRow
from kd_core.vocabulary import ARMS
from pages.parts.app import link, store
from pages.parts.charts import CURVE_WORDS, CurveSeries, accuracy_lines, live_curve, zoomed_range
from pages.parts.protocol_panels import Panel
from pages.parts.race.loss_curves import applied_line, loss_lines, points_of
from pages.parts.race.method_panel import share_curve
from pages.parts.text import declared_text, t, texts_of


def race_curves(race: RaceData) -> None:
    """Let the reader choose what is drawn over the epochs, and draw it."""
    which = st.segmented_control(
        t("race.chart"),
        list(CHARTS),
        format_func=lambda chart: t(f"race.chart_{chart}"),
        default="accuracy",
        key="race_chart",
        label_visibility="collapsed",
        required=True,
    )
    CHARTS[which](race)


def _accuracy(race: RaceData) -> None:
    names = {arm: t(f"roles.{arm}") for arm in ARMS}
    lines = accuracy_lines(race.members, race.runs, race.epochs, names)
    low, high = zoomed_range(lines, race.row.alive)
    done = _seeds_drawn(race.members, race.runs, names)
    subtitle = t("race.band" if low else "race.band_full", n=done, low=f"{100 * low:.0f}")
    _chart(race, lines, t("race.accuracy_axis"), subtitle, y_range=(low, high), percent=True)


def _loss(race: RaceData, term: str = "", note: str = "loss") -> None:
    names = {arm: t(f"roles.{arm}") for arm in ARMS}
    points = store().runs.points({run.id for run in race.runs.values()})
    lines = loss_lines(race.members, points or points_of(race.epochs), names, term)
    _chart(race, lines, t("race.loss_axis"), t(f"race.{note}_note"))


def _teacher_term(race: RaceData) -> None:
    _loss(race, "teacher", "teacher_term")


def _gradient_shares(race: RaceData) -> None:
    share_curve(Panel.of(race))


def _schedule(race: RaceData) -> None:
    drawn = 0
    for name in ("temperature", "teacher_weight", "lr"):
        title = declared_text(f"choices.{name}", name.replace("_", " "))
        if line := applied_line(race.members, race.epochs, name, title):
            _chart(race, [line], title, t("race.schedule_note"), key=f"race_schedule_{name}")
            drawn += 1
    if not drawn:
        st.caption(t("race.schedule_none"))


CHARTS: Final[Mapping[str, Callable[[RaceData], None]]] = {
    "accuracy": _accuracy,
    "loss": _loss,
    "teacher_term": _teacher_term,
    "shares": _gradient_shares,
    "schedule": _schedule,
}
"""By name, in the order in which they are offered; a new chart is a function and a line here."""


def _seeds_drawn(members: Sequence[MemberRow], runs: Mapping[int, RunRow], arms: Iterable[str]) -> int:
    """Return over how many seeds the arms' means are at least: the finished ones, or those that grow together."""
    counts = []
    for arm in arms:
        of_arm = [runs[m.position] for m in members if m.arm == arm and m.position in runs]
        counts.append(sum(run.status == "done" for run in of_arm) or len(of_arm))
    return min(counts, default=0)


def _chart(
    race: RaceData,
    lines: Sequence[CurveSeries],
    y_title: str,
    subtitle: str,
    y_range: tuple[float, float] | None = None,
    percent: bool = False,
    key: str = "race_curve",
) -> None:
    epochs = max((run.epochs for run in race.runs.values()), default=race.recipe["optim"]["epochs"])
    live_curve(
        key=key,
        series=lines,
        words=texts_of("curve", CURVE_WORDS),
        x_title=t("race.epoch"),
        y_title=y_title,
        x_range=(0, float(epochs)),
        y_range=y_range,
        subtitle=subtitle,
        percent=percent,
        marker_x=float(link.get("epoch")) if link.get("epoch").isdecimal() else None,
        height=300,
    )
