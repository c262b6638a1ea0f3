"""The view of one race: verdict, curves, one image, table; it reads the store twice a second while the race lives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from kd_core import jobs
from kd_core.results import (
    CellValues,
    finished_members,
    members_and_runs,
    race_json,
    race_verdict,
    recipe_of,
    stored_logits,
)
from kd_core.store import MemberRow, RunRow, StudyRow
from pages.parts.app import data_root, error_boundary, store
from pages.parts.protocol_panels import protocol_view
from pages.parts.race.arm_table import arm_table
from pages.parts.race.captions import _below_the_table
from pages.parts.race.curves import _curves
from pages.parts.race.method_panel import method_view
from pages.parts.studies import Selection, choose_epoch, digit, race_progress, race_progress_text, study_label
from pages.parts.text import declared_text, error_text, escape_markdown, t, verdict_text

POLL_SECONDS = 0.4


def race_view(shown: Selection) -> None:
    """Show a race, or a cell of a sweep as one; poll only while it lives."""
    poll = POLL_SECONDS if shown.row.alive else None
    st.fragment(_told_view, run_every=poll, key="race_view")(shown.row.id, shown.values, shown.row.alive)


def _told_view(study: str, cell: CellValues | None, was_alive: bool) -> None:
    with error_boundary():
        _race_view(study, cell, was_alive)


def _race_view(study: str, cell: CellValues | None, was_alive: bool) -> None:
    jobs.mark_lost(store())
    row = store().studies.get(study)
    if was_alive and not row.alive:
        st.rerun()  # once, so that the fragment stops polling and the page offers what can be done now
    members, runs = members_and_runs(store(), study, cell)
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


def _headline(row: StudyRow, cell: CellValues | None, members: Sequence[MemberRow], runs: dict[int, RunRow]) -> None:
    """The verdict as far as there is one, then the state, and what a person can do about it."""
    judged = race_verdict(finished_members(store(), row.id, cell))
    with st.container(key="race_verdict"):
        if judged is not None:
            provisional = t("race.so_far") + " " if row.alive else ""
            st.markdown(f"**{provisional}{verdict_text(judged)}**")
        elif row.alive:
            st.markdown(f"**{t('race.no_verdict_yet')}**")
    if row.alive:
        st.progress(race_progress(members, runs), text=race_progress_text(row, members, runs))
        return
    source = recipe_of(row)["data"]["source"]["name"]
    dataset = declared_text(f"datasets.{source}.title", source.replace("_", " "))
    facts = [study_label(row), t("race.on", dataset=dataset), t("provenance.live"), t(f"status.{row.status}")]
    st.caption(escape_markdown(" · ".join(facts)))
    if row.error:
        st.error(escape_markdown(error_text(row.error)))
    if row.status in ("stopped", "interrupted", "failed", "lost") and st.button(t("race.resume"), key="race_resume"):
        jobs.resume(store(), row.id, data_root())
        st.rerun()


def _picture(row: StudyRow, cell: CellValues | None) -> None:
    newest = stored_logits.load_study_logits(store(), row.id, cell=cell)
    if newest is None or not newest.logits:
        st.caption(t("race.no_logits_yet"))
        return
    epoch = None if row.alive else choose_epoch(newest.epochs)
    scrubbed = newest if epoch is None else stored_logits.load_study_logits(store(), row.id, epoch=epoch, cell=cell)
    digit(scrubbed or newest, key="view_temperature")


@st.cache_data(max_entries=8, show_spinner=False)
def _numbers(study: str, cell: CellValues | None, status: str, done: int) -> dict[str, Any]:
    """The race's numbers; they change only when another network is finished, so that polling costs little."""
    return race_json(store(), study, cell)
