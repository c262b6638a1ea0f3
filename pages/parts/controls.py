"""The controls of a race: four that matter, all others behind a fold, and the button that starts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, get_args

import streamlit as st

from kd_core import jobs
from kd_core.errors import KDError
from kd_core.settings import lane_fields
from kd_core.store import StudyRow
from pages.parts import form, links, living_map, member_words
from pages.parts.attempts import told
from pages.parts.engine import engine_ready, store
from pages.parts.fields import member_field, setting_field, temperature_field
from pages.parts.formula import formula
from pages.parts.preset_field import preset_field
from pages.parts.protocol_settings import protocol_line, protocol_settings
from pages.parts.selection import current_study
from pages.parts.starting import start
from pages.parts.texts import error_text, t
from pages.parts.upload import folder_field

if TYPE_CHECKING:
    from kd_core.recipe import Recipe, Study

FAILING = {"teacher.data.labelled": "20", "method.teacher_weight": "1.0"}
"""A teacher that has seen 20 images, and a student that listens to nobody else."""


def controls(shown: str) -> None:
    """Draw the controls, behind a skeleton until recipes can be built.

    Args:
        shown: which networks stand beside them (``living_map.key_of``); other settings may call for others.
    """
    waiting = not engine_ready()
    st.fragment(_told_controls, run_every=0.3 if waiting else None, key="race_controls")(waiting, shown)


def _told_controls(waiting: bool, shown: str) -> None:
    with told():
        _controls(waiting, shown)


def _controls(waiting: bool, shown: str) -> None:
    if not engine_ready():
        st.skeleton(height=300)
        return
    if waiting or living_map.key_of(living_map.shown()) != shown:
        st.rerun()
    _main_controls()
    _start_and_stop()
    # What is behind a fold is drawn when it is opened: fifty widgets would double the time to the first picture.
    loss = st.expander(t("race.formula"), key="formula", on_change="rerun")
    if loss.open:
        with loss:
            formula(form.current_recipe().method)
    everything = st.expander(t("race.all_settings"), key="all_settings", on_change="rerun")
    if everything.open:
        with everything:
            _all_settings()


def _main_controls() -> None:
    preset_field()
    recipe = form.current_recipe()
    words = f"methods.{_name(recipe.method)}"
    movable = lane_fields(type(recipe.method))
    if "temperature" in movable:
        temperature_field(recipe.method, "method.temperature", words)
    if "teacher_weight" in movable:
        setting_field(recipe.method, "teacher_weight", "method.teacher_weight", words)
    if not movable & {"temperature", "teacher_weight"}:
        st.caption(t("race.no_teacher_settings"))
    protocol_line(recipe.protocol)
    st.session_state["seeds"] = form.seeds()
    st.slider(
        t("race.seeds"),
        1,
        max(10, form.seeds()),
        key="seeds",
        help=t("race.seeds_help"),
        on_change=lambda: links.put(seeds=st.session_state["seeds"]),
    )


def _start_and_stop() -> None:
    from kd_core.recipe import Study

    recipe, now = form.current_recipe(), current_study()
    try:
        one_teacher = bool(form.earlier_teacher())
        study = Study.race(recipe, form.seeds(), form.preset_name(), one_teacher)
    except KDError as error:
        st.error(error_text(error))
        return
    fresh = st.session_state.get("train_again", False)
    if now is not None and now.kind == "race" and not now.alive and not _same(now, study):
        st.caption(t("race.stale"))
    left, right = st.columns(2)
    with left:
        if st.button(t("race.start"), key="race_start", type="primary", width="stretch"):
            start(lambda: study, fresh)
    with right:
        if now is not None and now.alive and st.button(t("race.stop"), key="race_stop", width="stretch"):
            jobs.stop(store(), now.id)
            st.rerun()
    how_long = st.empty()
    if st.button(t("race.make_it_fail"), key="make_it_fail", type="tertiary", help=t("race.make_it_fail_help")):
        links.put_settings(FAILING)
        st.rerun()
    st.toggle(t("race.train_again"), key="train_again", help=t("race.train_again_help"), persist_state="session")
    how_long.caption(_how_long(study, fresh))  # last, because the first estimate takes a moment


def _how_long(study: Study, fresh: bool) -> str:
    from kd_core.estimate import estimated_seconds

    try:
        about = estimated_seconds(store(), study, fresh=fresh)
    except KDError as error:  # networks and images that do not fit each other
        return error_text(error)
    return t("race.reused") if about < 0.05 else t("race.about", seconds=_duration(about))


def _all_settings() -> None:
    from kd_core.datasets import DATASETS
    from kd_core.methods import METHODS
    from kd_core.networks import NETWORKS

    recipe = form.current_recipe()
    parts: dict[str, Mapping[str, type]] = {
        "method": METHODS,
        "student": NETWORKS,
        "teacher.student": NETWORKS,
        "data.source": DATASETS,
    }
    folders = {"method": "methods", "student": "networks", "teacher.student": "networks", "data.source": "datasets"}
    shown = {"method.temperature", "method.teacher_weight"}
    _teacher_field()
    protocol_settings(recipe)
    for path, members in parts.items():
        if path.startswith("teacher.") and form.earlier_teacher():
            continue
        owner = form.at_path(recipe, path)
        st.markdown(f"**{t('race.part.' + path.replace('.', '_'))}**")
        names = [name for name in members if name != "image_folder"] if path == "data.source" else list(members)
        if _name(owner) not in names:
            names.append(_name(owner))
        member_field(path, _name(owner), names, t("race.which." + path.replace(".", "_")), folders[path])
        for name in type(owner).model_fields:
            if name not in ("name", "path", "content") and f"{path}.{name}" not in shown:
                setting_field(owner, name, f"{path}.{name}", f"{folders[path]}.{_name(owner)}")
        _beside(recipe, path)
    for path, words in (("data", "data"), ("optim", "optim"), ("teacher.data", "data"), ("teacher.optim", "optim")):
        if path.startswith("teacher.") and form.earlier_teacher():
            continue
        st.markdown(f"**{t('race.part.' + path.replace('.', '_'))}**")
        owner = form.at_path(recipe, path)
        for name in type(owner).model_fields:
            if name != "source":
                setting_field(owner, name, f"{path}.{name}", words)
    _schedules()
    st.markdown(f"**{t('race.part.execution')}**")
    st.selectbox(t("race.device"), ["auto", "cpu", "cuda", "mps"], key="device", persist_state="session")
    st.selectbox(
        t("race.precision"),
        ["auto", "float32"],
        format_func=lambda one: t(f"race.precision_{one}"),
        key="precision",
        help=t("race.precision_help"),
        persist_state="session",
    )


def _beside(recipe: Recipe, path: str) -> None:
    """Draw what a person looks for beside a part although it is not one of its settings."""
    if path == "student" and recipe.teacher is not None:
        setting_field(recipe, "start", "start", "recipe")
    if path == "data.source":
        folder_field(recipe)


def _teacher_field() -> None:
    """Choose between a teacher trained for each seed and an earlier run of this store."""
    known = form.teachers(form.current_recipe())
    now = form.earlier_teacher()
    options = ["", *known, *([now] if now and now not in known else [])]
    st.session_state["teacher_run"] = now
    st.selectbox(
        t("race.teacher_run"),
        options,
        format_func=lambda run: known.get(run, run) if run else t("race.teacher_each_seed"),
        key="teacher_run",
        help=t("race.teacher_run_help"),
        on_change=lambda: links.put(teacher_run=st.session_state["teacher_run"]),
    )


def _schedules() -> None:
    from kd_core.schedules import AnySchedule

    recipe, rules = form.current_recipe(), [member_words.name(one) for one in get_args(get_args(AnySchedule)[0])]
    for name in sorted(lane_fields(type(recipe.method)) & {"temperature", "teacher_weight"}):
        path = f"schedules.{name}"
        schedule = recipe.schedules.get(name)
        now = "constant" if schedule is None else _name(schedule)
        st.markdown(f"**{t('race.part.' + path.replace('.', '_'))}**")
        member_field(path, now, rules, t("race.which.schedule"), "schedules")
        if schedule is not None:
            for field in [one for one in type(schedule).model_fields if one != "name"]:
                setting_field(schedule, field, f"{path}.{field}", f"schedules.{now}")


def _same(row: StudyRow, study: Study) -> bool:
    return bool(row.spec.get("members") == study.to_json()["members"])


def _name(owner: object) -> str:
    return str(getattr(owner, "name", ""))


def _duration(seconds: float) -> str:
    if seconds < 90:
        return t("time.seconds", n=max(1, round(seconds)))
    return t("time.minutes", n=round(seconds / 60)) if seconds < 5400 else t("time.hours", n=f"{seconds / 3600:.1f}")
