"""The race's curves: which there are, and how each is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import streamlit as st

from kd_core.results import RaceData
from kd_core.store import EpochRow, MemberRow, PointRow, RunRow
from kd_core.vocabulary import ARMS
from pages.parts.app import link, store
from pages.parts.charts import CURVE_WORDS, ROLE_OF, CurveSeries, Names, accuracy_lines, live_curve, zoomed_range
from pages.parts.protocol_panels import Panel
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


def loss_lines(
    members: Sequence[MemberRow], points: Sequence[PointRow], names: Names, term: str = ""
) -> list[CurveSeries]:
    """Return the training loss (or one of its terms) between epochs, of the newest seed of each arm."""
    newest = {member.arm: member.run for member in members if member.run}
    lines = []
    for arm in ARMS:
        of_arm = [point for point in points if point.run == newest.get(arm) and (not term or term in point.terms)]
        if of_arm:
            values = [point.terms[term] if term else sum(point.terms.values()) for point in of_arm]
            lines.append(CurveSeries(ROLE_OF[arm], names[arm], [point.epoch for point in of_arm], values))
    return lines


def points_of(rows: Sequence[EpochRow]) -> list[PointRow]:
    """Return the loss after every epoch, for runs of which nothing between epochs was kept."""
    return [PointRow(row.run, row.epoch + 1, row.epoch + 1.0, row.terms) for row in rows]


def applied_line(members: Sequence[MemberRow], rows: Sequence[EpochRow], setting: str, name: str) -> CurveSeries | None:
    """Return what a schedule gave in each epoch of the newest distilled student, where it moved."""
    run = next((member.run for member in reversed(members) if member.arm == "distilled" and member.run), None)
    values = [row.applied[setting] for row in rows if row.run == run and setting in row.applied]
    if len(set(values)) < 2:
        return None
    return CurveSeries("distilled", name, [float(epoch) for epoch in range(1, len(values) + 1)], values)


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
