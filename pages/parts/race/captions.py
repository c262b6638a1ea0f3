"""What stands below the race's table: intervals, who saw what, and on what it was carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from kd_core.results import CellValues, finished_members, test_set_interval
from kd_core.store import MemberRow, RunRow, StudyRow
from pages.parts.app import store
from pages.parts.text import sampling_text, t


def _below_the_table(
    row: StudyRow, cell: CellValues | None, members: Sequence[MemberRow], runs: dict[int, RunRow]
) -> None:
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
def _image_interval(
    study: str, cell: CellValues | None, finished_at: float | None
) -> tuple[tuple[float, float], int] | None:
    places = finished_members(store(), study, cell)
    interval = test_set_interval(store(), places)
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


def execution_text(execution: Mapping[str, Any]) -> str:
    """Return e.g. "cpu (AMD EPYC, 2 cores), 1 thread, 5 lanes of one loop"."""
    facts = [str(execution["device"]), t("race.threads", n=execution["threads"])]
    if execution.get("dtype", "float32") != "float32":
        facts.append(t("execution.coarse", dtype=execution["dtype"]))
    if execution.get("lanes", 1) > 1:
        facts.append(t("execution.lanes", n=execution["lanes"]))
    elif why := execution.get("why_alone"):
        facts.append(t(f"execution.alone_{why}"))
    return ", ".join(facts)
