"""The view of one race: verdict, curves, one image, table; it reads the store twice a second while the race lives."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from kd_core import jobs
from kd_core.results import Cell, compared, finished, image_interval, race_json, race_verdict, recipe_of
from kd_core.store import EpochRow, MemberRow, RunRow, StudyRow
from pages.parts import links, material
from pages.parts.arm_table import arm_table
from pages.parts.attempts import told
from pages.parts.curve import CURVE_WORDS, CurveSeries, live_curve
from pages.parts.engine import data_root, store
from pages.parts.epoch_slider import choose_epoch
from pages.parts.execution_text import execution_text
from pages.parts.first_look import digit
from pages.parts.literal import literal
from pages.parts.method_view import method_view, panel_of, share_curve
from pages.parts.numbers import seconds_text
from pages.parts.protocol_view import protocol_view
from pages.parts.race_curves import accuracy_lines, applied_line, loss_lines, points_of, zoomed_range
from pages.parts.selection import Shown, study_label
from pages.parts.texts import declared, error_text, t, words
from pages.parts.verdict_text import sampling_text, verdict_text

POLL_SECONDS = 0.4


def race_view(shown: Shown) -> None:
    """Show a race, or a cell of a sweep as one; poll only while it lives."""
    poll = POLL_SECONDS if shown.row.alive else None
    st.fragment(_told_view, run_every=poll, key="race_view")(shown.row.id, shown.values, shown.row.alive)


def _told_view(study: str, cell: Cell | None, was_alive: bool) -> None:
    with told():
        _race_view(study, cell, was_alive)


def _race_view(study: str, cell: Cell | None, was_alive: bool) -> None:
    jobs.mark_lost(store())
    row = store().studies.get(study)
    if was_alive and not row.alive:
        st.rerun()  # once, so that the fragment stops polling and the page offers what can be done now
    members, runs = compared(store(), study, cell)
    rows = store().runs.epochs({run.id for run in runs.values()})
    _headline(row, cell, members, runs)
    left, right = st.columns(2)
    with left:
        _picture(row, cell)
    with right:
        _curves(row, members, runs, rows)
    race = _numbers(study, cell, row.status, sum(run.status == "done" for run in runs.values()))
    if race["arms"]:
        arm_table(race["arms"], key="race_table")
        _below_the_table(row, cell, members, runs)
    protocol_view(row, cell, members, runs, rows)
    method_view(row, cell, members, runs, rows)


def _headline(row: StudyRow, cell: Cell | None, members: Sequence[MemberRow], runs: dict[int, RunRow]) -> None:
    """The verdict as far as there is one, then the state, and what a person can do about it."""
    judged = race_verdict(finished(store(), row.id, cell))
    with st.container(key="race_verdict"):
        if judged is not None:
            provisional = t("race.so_far") + " " if row.alive else ""
            st.markdown(f"**{provisional}{verdict_text(judged)}**")
        elif row.alive:
            st.markdown(f"**{t('race.no_verdict_yet')}**")
    if row.alive:
        st.progress(_progress(members, runs), text=_progress_text(row, members, runs))
        return
    source = recipe_of(row)["data"]["source"]["name"]
    dataset = declared(f"datasets.{source}.title", source.replace("_", " "))
    facts = [study_label(row), t("race.on", dataset=dataset), t("provenance.live"), t(f"status.{row.status}")]
    st.caption(literal(" · ".join(facts)))
    if row.error:
        st.error(literal(error_text(row.error)))
    if row.status in ("stopped", "interrupted", "failed", "lost") and st.button(t("race.resume"), key="race_resume"):
        jobs.resume(store(), row.id, data_root())
        st.rerun()


def _progress(members: Sequence[MemberRow], runs: dict[int, RunRow]) -> float:
    parts = [_share(runs[member.position]) if member.position in runs else 0.0 for member in members]
    return sum(parts) / max(1, len(parts))


def _share(run: RunRow) -> float:
    if run.status == "done":
        return 1.0
    return min(1.0, run.step / run.steps) if run.steps else 0.0


def _progress_text(row: StudyRow, members: Sequence[MemberRow], runs: dict[int, RunRow]) -> str:
    if row.status == "queued":
        return t("race.queued", n=store().studies.ahead_of(row))
    if row.activity:
        return f"{activity_text(row.activity['what'])} ({100 * row.activity['done']:.0f} %)"
    done = sum(run.status == "done" for run in runs.values())
    text = t("race.progress", done=done, all=len(members))
    began = row.started or time.time()
    earlier = {position for position, run in runs.items() if run.finished is not None and run.finished < began}
    share = _progress([member for member in members if member.position not in earlier], runs)
    spent = time.time() - began
    if share > 0.05 and spent > 1:
        text += " · " + t("race.left", time=seconds_text(spent / share * (1 - share)))
    return text


def activity_text(what: str) -> str:
    """Return what a job does beside training, in the reader's language: "downloading MNIST"."""
    doing, _, name = what.partition(" ")
    return t(f"activity.{doing}", name=name)


def _picture(row: StudyRow, cell: Cell | None) -> None:
    newest = material.of_study(store(), row.id, cell=cell)
    if newest is None or not newest.logits:
        st.caption(t("race.no_logits_yet"))
        return
    epoch = None if row.alive else choose_epoch(newest.epochs)
    scrubbed = newest if epoch is None else material.of_study(store(), row.id, epoch=epoch, cell=cell)
    digit(scrubbed or newest, key="view_temperature")


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
            title = declared(f"choices.{name}", name.replace("_", " "))
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
        words=words("curve", CURVE_WORDS),
        x_title=t("race.epoch"),
        y_title=y_title,
        x_range=(0, float(epochs)),
        y_range=y_range,
        subtitle=subtitle,
        percent=percent,
        marker_x=float(links.get("epoch")) if links.get("epoch").isdecimal() else None,
        height=300,
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _numbers(study: str, cell: Cell | None, status: str, done: int) -> dict[str, Any]:
    """The race's numbers; they change only when another network is finished, so that polling costs little."""
    return race_json(store(), study, cell)


def _below_the_table(row: StudyRow, cell: Cell | None, members: Sequence[MemberRow], runs: dict[int, RunRow]) -> None:
    """Who saw what, on what it ran, and how far the choice of test images alone would move the verdict."""
    facts = [_who_saw_what(members, runs)]
    if row.spec.get("one_teacher"):
        facts.append(t("race.one_teacher"))
    if any(member.reused for member in members):
        facts.append(t("race.some_reused"))
    executions = {execution_text(run.execution) for run in runs.values() if run.execution}
    facts += sorted(executions)
    st.caption(" · ".join(facts))
    interval = None if row.alive else _image_interval(row.id, cell, row.finished)
    if interval:
        st.caption(sampling_text(interval[0], interval[1]))


@st.cache_data(max_entries=8, show_spinner=False)
def _image_interval(study: str, cell: Cell | None, finished_at: float | None) -> tuple[tuple[float, float], int] | None:
    places = finished(store(), study, cell)
    interval = image_interval(store(), places)
    source = store().files.source(places[0].run.source or "") if places else None
    return (interval, len(source[0]["labels"])) if interval and source else None


def _who_saw_what(members: Sequence[MemberRow], runs: dict[int, RunRow]) -> str:
    recipes = {m.arm: runs[m.position].recipe for m in members if m.position in runs}
    counted = {m.arm: (runs[m.position].cost or {}).get("labels") for m in members if m.position in runs}

    def seen(arm: str) -> str:
        if arm not in recipes:
            return "–"
        data, labels = recipes[arm]["data"], counted.get(arm)
        facts = [t("race.all_labels") if labels is None else t("race.n_labels", n=f"{labels:,}")]
        if data["label_noise"]:
            facts.append(t("race.noise", share=f"{100 * data['label_noise']:g}"))
        if data["dropped_classes"]:
            facts.append(t("race.dropped", classes=", ".join(map(str, data["dropped_classes"]))))
        if data["labelled"] is not None and data["unlabelled"] == "keep":
            facts.append(t("race.unlabelled"))
        return ", ".join(facts)

    protocol, students = recipes.get("distilled", {}).get("protocol", {}).get("name", ""), seen("distilled")
    if protocol in ("data_free", "federated"):  # the labels of the recipe are not the student's there
        students = t(f"race.saw_{protocol}", alone=seen("alone"))
    return t("race.who_saw", teacher=seen("teacher"), students=students)
