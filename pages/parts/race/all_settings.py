"""All settings of a recipe, behind a fold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, get_args

import streamlit as st

from kd_core.settings import at_path, lane_fields
from pages.parts.app import link
from pages.parts.form import folder_field, member_field, protocol_settings, setting_field, state
from pages.parts.text import member_text, t

if TYPE_CHECKING:
    from kd_core.recipe import Recipe


def all_settings() -> None:
    """Draw every setting of the recipe in the form, part by part."""
    from kd_core.datasets import DATASETS
    from kd_core.methods import METHODS
    from kd_core.networks import NETWORKS

    recipe = state.current()
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
        if path.startswith("teacher.") and state.earlier_teacher():
            continue
        owner = at_path(recipe, path)
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
        if path.startswith("teacher.") and state.earlier_teacher():
            continue
        st.markdown(f"**{t('race.part.' + path.replace('.', '_'))}**")
        owner = at_path(recipe, path)
        for name in type(owner).model_fields:
            if name != "source":
                setting_field(owner, name, f"{path}.{name}", words)
    _schedules()
    st.markdown(f"**{t('race.part.execution')}**")
    st.selectbox(t("race.device"), ["auto", "cpu", "cuda", "mps"], key="device", persist_state="session")
    st.selectbox(
        t("race.precision"),
        ["auto", "float32"],
        format_func=lambda choice: t(f"race.precision_{choice}"),
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
    labels = state.teachers(state.current())
    now = state.earlier_teacher()
    options = ["", *labels, *([now] if now and now not in labels else [])]
    st.session_state["teacher_run"] = now
    st.selectbox(
        t("race.teacher_run"),
        options,
        format_func=lambda run: labels.get(run, run) if run else t("race.teacher_each_seed"),
        key="teacher_run",
        help=t("race.teacher_run_help"),
        on_change=lambda: link.put(teacher_run=st.session_state["teacher_run"]),
    )


def _schedules() -> None:
    from kd_core.recipe import AnySchedule

    recipe, rules = state.current(), [member_text.name(kind) for kind in get_args(get_args(AnySchedule)[0])]
    for name in sorted(lane_fields(type(recipe.method)) & {"temperature", "teacher_weight"}):
        path = f"schedules.{name}"
        schedule = recipe.schedules.get(name)
        now = "constant" if schedule is None else _name(schedule)
        st.markdown(f"**{t('race.part.' + path.replace('.', '_'))}**")
        member_field(path, now, rules, t("race.which.schedule"), "schedules")
        if schedule is not None:
            for field in [name for name in type(schedule).model_fields if name != "name"]:
                setting_field(schedule, field, f"{path}.{field}", f"schedules.{now}")


def _name(owner: object) -> str:
    return str(getattr(owner, "name", ""))
