"""The controls of a race: four that matter, all others behind a fold, and the button that starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from kd_core import jobs
from kd_core.errors import KDError
from kd_core.settings import lane_fields
from pages.parts.app import engine_ready, error_boundary, link, store
from pages.parts.form import choose_preset, protocol_line, setting_field, state
from pages.parts.race.formula import formula
from pages.parts.studies import current_study, nearest_student, start_study
from pages.parts.text import error_text, t

if TYPE_CHECKING:
    from kd_core.recipe import Study

from pages.parts.race.all_settings import _all_settings, _name, _same

FAILING = {"teacher.data.labelled": "20", "method.teacher_weight": "1.0"}
"""A teacher that has seen 20 images, and a student that listens to nobody else."""


def race_controls(shown: str) -> None:
    """Draw the controls, behind a skeleton until recipes can be built.

    Args:
        shown: which networks stand beside them (``living_map.key_of``); other settings may call for others.
    """
    waiting = not engine_ready()
    st.fragment(_told_controls, run_every=0.3 if waiting else None, key="race_controls")(waiting, shown)


def _told_controls(waiting: bool, shown: str) -> None:
    with error_boundary():
        _controls(waiting, shown)


def _controls(waiting: bool, shown: str) -> None:
    if not engine_ready():
        st.skeleton(height=300)
        return
    if waiting or nearest_student.key_of(nearest_student.shown()) != shown:
        st.rerun()
    _main_controls()
    _start_and_stop()
    # What is behind a fold is drawn when it is opened: fifty widgets would double the time to the first picture.
    loss = st.expander(t("race.formula"), key="formula", on_change="rerun")
    if loss.open:
        with loss:
            formula(state.current_recipe().method)
    everything = st.expander(t("race.all_settings"), key="all_settings", on_change="rerun")
    if everything.open:
        with everything:
            _all_settings()


def _main_controls() -> None:
    choose_preset()
    recipe = state.current_recipe()
    words = f"methods.{_name(recipe.method)}"
    movable = lane_fields(type(recipe.method))
    if "temperature" in movable:
        setting_field(recipe.method, "temperature", "method.temperature", words)
    if "teacher_weight" in movable:
        setting_field(recipe.method, "teacher_weight", "method.teacher_weight", words)
    if not movable & {"temperature", "teacher_weight"}:
        st.caption(t("race.no_teacher_settings"))
    protocol_line(recipe.protocol)
    st.session_state["seeds"] = state.seeds()
    st.slider(
        t("race.seeds"),
        1,
        max(10, state.seeds()),
        key="seeds",
        help=t("race.seeds_help"),
        on_change=lambda: link.put(seeds=st.session_state["seeds"]),
    )


def _start_and_stop() -> None:
    from kd_core.recipe import Study

    recipe, now = state.current_recipe(), current_study()
    try:
        one_teacher = bool(state.earlier_teacher())
        study = Study.race(recipe, state.seeds(), state.preset_name(), one_teacher)
    except KDError as error:
        st.error(error_text(error))
        return
    fresh = st.session_state.get("train_again", False)
    if now is not None and now.kind == "race" and not now.alive and not _same(now, study):
        st.caption(t("race.stale"))
    left, right = st.columns(2)
    with left:
        if st.button(t("race.start"), key="race_start", type="primary", width="stretch"):
            start_study(lambda: study, fresh)
    with right:
        if now is not None and now.alive and st.button(t("race.stop"), key="race_stop", width="stretch"):
            jobs.stop(store(), now.id)
            st.rerun()
    how_long = st.empty()
    if st.button(t("race.make_it_fail"), key="make_it_fail", type="tertiary", help=t("race.make_it_fail_help")):
        link.put_settings(FAILING)
        st.rerun()
    st.toggle(t("race.train_again"), key="train_again", help=t("race.train_again_help"), persist_state="session")
    how_long.caption(_how_long(study, fresh))  # last, because the first estimate takes a moment


def _how_long(study: Study, fresh: bool) -> str:
    from kd_core.experiments import estimated_seconds

    try:
        about = estimated_seconds(store(), study, fresh=fresh)
    except KDError as error:  # networks and images that do not fit each other
        return error_text(error)
    return t("race.reused") if about < 0.05 else t("race.about", seconds=_duration(about))


def _duration(seconds: float) -> str:
    if seconds < 90:
        return t("time.seconds", n=max(1, round(seconds)))
    return t("time.minutes", n=round(seconds / 60)) if seconds < 5400 else t("time.hours", n=f"{seconds / 3600:.1f}")
