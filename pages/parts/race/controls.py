"""The controls of a race: four that matter, all others behind a fold, and the button that starts it."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from kd_core.settings import lane_fields, name_of
from pages.parts.app import engine_ready, error_boundary, link, store
from pages.parts.form import cautions, choose_preset, protocol_line, setting_field, state
from pages.parts.own_code import code_panel
from pages.parts.race.all_settings import all_settings
from pages.parts.race.formula import formula
from pages.parts.studies import (
    current_study,
    members_digest,
    nearest_student,
    redraw_if_asked,
    seeds_slider,
    start_bar,
    train_again_toggle,
    work_of,
)
from pages.parts.text import about_text, escape_markdown, t

FAILING = {"teacher.data.labelled": "20", "method.teacher_weight": "1.0"}
"""A teacher that has seen 20 images, and a student that listens to nobody else."""


def race_controls(shown: str, question: str) -> None:
    """Draw the controls, behind a skeleton until recipes can be built.

    Args:
        shown: which networks stand beside them (``nearest_student.key_of``).
        question: what of the link they were looked for with (``nearest_student.question``).
    """
    waiting = not engine_ready()
    st.fragment(_guarded_controls, run_every=0.3 if waiting else None, key="race_controls")(waiting, shown, question)


def _guarded_controls(waiting: bool, shown: str, question: str) -> None:
    with error_boundary():
        _controls(waiting, shown, question)


def _controls(waiting: bool, shown: str, question: str) -> None:
    if not engine_ready():
        st.skeleton(height=300)
        return
    redraw_if_asked()
    if waiting or (nearest_student.question() != question and _others_are_shown(shown)):
        st.rerun()
    _main_controls()
    _start_and_stop()
    # What is behind a fold is drawn when it is opened: fifty widgets would double the time to the first picture.
    loss = st.expander(t("race.formula"), key="formula", on_change="rerun")
    if loss.open:
        with loss:
            formula(state.current().method)
    script = st.expander(t("own_code.title"), key="own_code", on_change="rerun")
    if script.open:
        with script:
            code_panel()
    everything = st.expander(t("race.all_settings"), key="all_settings", on_change="rerun")
    if everything.open:
        with everything:
            all_settings()


def _others_are_shown(shown: str) -> bool:
    """Tell whether the form, moved since the page was drawn, calls for other networks than those beside it."""
    return nearest_student.key_of(nearest_student.find(current_study())) != shown


def _main_controls() -> None:
    choose_preset()
    recipe = state.current()
    words = f"methods.{name_of(recipe.method)}"
    movable = lane_fields(type(recipe.method))
    if "temperature" in movable:
        setting_field(recipe.method, "temperature", "method.temperature", words)
    if "teacher_weight" in movable:
        setting_field(recipe.method, "teacher_weight", "method.teacher_weight", words)
    if not movable & {"temperature", "teacher_weight"}:
        st.caption(t("race.no_teacher_settings"))
    protocol_line(recipe.protocol)
    for sentence in cautions(recipe.to_json()):
        st.warning(sentence)
    seeds_slider(state.seeds(), t("race.seeds_help"))


def _start_and_stop() -> None:
    recipe, now = state.current(), current_study()
    one_teacher = bool(state.earlier_teacher())
    work = work_of(["race", recipe.to_json(), state.seeds(), state.preset_name(), one_teacher], state.race)
    if not work.digest:
        st.error(escape_markdown(work.trouble))
        start_bar(t("race.start"), state.race, now, key="race_start", stop_key="race_stop", seconds=None)
        return
    if now is not None and now.kind == "race" and not now.alive and _digest(now.id) != work.digest:
        st.caption(t("race.stale"))
    start_bar(t("race.start"), state.race, now, key="race_start", stop_key="race_stop", seconds=work.seconds)
    how_long = st.empty()
    st.button(
        t("race.make_it_fail"),
        key="make_it_fail",
        type="tertiary",
        help=t("race.make_it_fail_help"),
        on_click=link.put_settings,
        args=(FAILING,),
    )
    train_again_toggle()
    how_long.caption(work.trouble or about_text(work.seconds))


@lru_cache(maxsize=200)
def _digest(study: str) -> str:
    """A study's members never change."""
    return members_digest([member.fingerprint for member in store().studies.members(study)])
