"""The race's curves: which there are, and how each is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from kd_core.results import recipe_of
from kd_core.store import EpochRow, MemberRow, RunRow, StudyRow
from pages.parts.app import link, store
from pages.parts.charts import CURVE_WORDS, CurveSeries, accuracy_lines, live_curve, zoomed_range
from pages.parts.race.loss_curves import applied_line, loss_lines, points_of
from pages.parts.race.method_panel import panel_of, share_curve
from pages.parts.text import declared_text, t, texts_of


def _curves(row: StudyRow, members: Sequence[MemberRow], runs: dict[int, RunRow], rows: Sequence[EpochRow]) -> None:
    names = {arm: t(f"roles.{arm}") for arm in ("teacher", "alone", "distilled")}
    which = st.segmented_control(
        t("race.chart"),
        ["accuracy", "loss", "teacher_term", "shares", "schedule"],
        format_func=lambda one: t(f"race.chart_{one}"),
        default="accuracy",
        key="race_chart",
        label_visibility="collapsed",
        required=True,
    )
    epochs = max((run.epochs for run in runs.values()), default=recipe_of(row)["optim"]["epochs"])
    if which == "accuracy":
        lines = accuracy_lines(members, runs, rows, names)
        low, high = zoomed_range(lines, row.alive)
        done = _seeds_drawn(members, runs, names)
        subtitle = t("race.band" if low else "race.band_full", n=done, low=f"{100 * low:.0f}")
        _chart(lines, epochs, t("race.accuracy_axis"), subtitle, y_range=(low, high), percent=True)
    elif which == "shares":
        share_curve(panel_of(row, None, members, runs, rows))
    elif which == "schedule":
        shown = 0
        for name in ("temperature", "teacher_weight", "lr"):
            title = declared_text(f"choices.{name}", name.replace("_", " "))
            if line := applied_line(members, rows, name, title):
                _chart([line], epochs, title, t("race.schedule_note"), key=f"race_schedule_{name}")
                shown += 1
        if not shown:
            st.caption(t("race.schedule_none"))
    else:
        points = store().runs.points({run.id for run in runs.values()})
        lines = loss_lines(members, points or points_of(rows), names, "teacher" if which == "teacher_term" else "")
        _chart(lines, epochs, t("race.loss_axis"), t(f"race.{which}_note"))


def _seeds_drawn(members: Sequence[MemberRow], runs: dict[int, RunRow], arms: Iterable[str]) -> int:
    """Return over how many seeds the arms' means are at least: the finished ones, or those that grow together."""
    counts = []
    for arm in arms:
        mine = [runs[m.position] for m in members if m.arm == arm and m.position in runs]
        counts.append(sum(run.status == "done" for run in mine) or len(mine))
    return min(counts, default=0)


def _chart(
    lines: Sequence[CurveSeries],
    epochs: int,
    y_title: str,
    subtitle: str,
    y_range: tuple[float, float] | None = None,
    percent: bool = False,
    key: str = "race_curve",
) -> None:
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
