"""The form of a sweep: two axes and their values, seeds, how long it will take, and the button that starts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import streamlit as st

from kd_core import jobs
from kd_core.settings import Range, lane_fields
from kd_core.store import StudyRow
from pages.parts.app import error_boundary, link, store
from pages.parts.form import shared_settings, state
from pages.parts.studies import about_text, start_study
from pages.parts.sweep.axes import axis_paths
from pages.parts.sweep.plan import (
    MOST_MEMBERS,
    MOST_POINTS,
    NONE,
    Plan,
    current_plan,
    put_axis,
    put_way,
    size,
    sweep_seeds as seeds_asked,
)
from pages.parts.text import AxisWords, escape_markdown, t


@st.fragment(key="sweep_form")
def sweep_form(now: StudyRow | None) -> None:
    """Draw the form; ``now`` is the sweep that is looked at."""
    with error_boundary():
        shared_settings()
        if not lane_fields(type(state.current_recipe().method)):
            st.caption(t("race.no_teacher_settings"))
        paths = axis_paths(state.current_recipe())
        plan = current_plan(paths)
        with st.container(gap="xsmall"):
            _axis("x", plan, paths)
            _axis("y", plan, {path: words for path, words in paths.items() if path != plan.typed["x"].path})
        _counts(plan)
        _start_and_stop(plan, now)
        _way()
        st.toggle(t("race.train_again"), key="train_again", help=t("race.train_again_help"), persist_state="session")
        st.page_link("pages/race.py", label=t("sweep.to_race"))


def _way() -> None:
    st.session_state["sweep_way"] = "random" if link.get("random") else "grid"
    st.segmented_control(
        t("sweep.way"),
        ["grid", "random"],
        format_func=lambda way: t(f"sweep.way_{way}"),
        key="sweep_way",
        required=True,
        help=t("sweep.way_help"),
        on_change=lambda: put_way(st.session_state["sweep_way"] == "random"),
    )


def _axis(name: str, plan: Plan, paths: Mapping[str, AxisWords]) -> None:
    """One axis: which setting, and its values as text; what cannot be read stays in sight beside the reason."""
    typed = plan.typed[name]
    options = [*paths] if name == "x" else [NONE, *paths]
    st.session_state[f"sweep_{name}"] = typed.path or NONE
    st.selectbox(
        t(f"sweep.axis_{name}"),
        options,
        format_func=lambda path: t("sweep.no_second") if path == NONE else paths[path].full,
        key=f"sweep_{name}",
        help=t("sweep.values_help"),
        on_change=lambda: put_axis(name, st.session_state[f"sweep_{name}"]),
    )
    if not typed.path:
        return
    st.session_state[f"sweep_{name}_values"] = typed.text
    st.text_input(
        t("sweep.values", axis=paths[typed.path].title),
        key=f"sweep_{name}_values",
        label_visibility="collapsed",
        on_change=lambda: put_axis(name, typed.path, st.session_state[f"sweep_{name}_values"]),
    )
    if name in plan.refused:
        st.error(escape_markdown(plan.refused[name]))


def _counts(plan: Plan) -> None:
    if plan.random is not None:
        st.session_state["sweep_random"] = plan.random
        _number("random", t("sweep.random"), 2, MOST_MEMBERS // 3)
    elif any(".." in typed.text for typed in plan.typed.values()):
        st.session_state["sweep_points"] = plan.points
        _number("points", t("sweep.points"), 2, MOST_POINTS)
    st.session_state["seeds"] = seeds_asked()
    st.slider(
        t("race.seeds"),
        1,
        max(10, seeds_asked()),
        key="seeds",
        help=t("sweep.seeds_help"),
        on_change=lambda: link.put(seeds=st.session_state["seeds"]),
    )


def _number(part: str, label: str, low: int, high: int) -> None:
    key = f"sweep_{part}"
    st.number_input(label, low, high, step=1, key=key, on_change=lambda: link.put(**{part: st.session_state[key]}))


def _start_and_stop(plan: Plan, now: StudyRow | None) -> None:
    fresh = bool(st.session_state.get("train_again", False))
    what, able = _what_it_takes(plan, fresh)
    if able:
        st.caption(what)
    elif what:
        st.error(escape_markdown(what))
    left, right = st.columns(2)
    with left:
        look: Literal["primary", "secondary"] = "primary" if able else "secondary"
        if st.button(t("sweep.start"), key="sweep_start", type=look, width="stretch", disabled=not able):
            start_study(plan.study, fresh, ("device",))
    with right:
        if now is not None and now.alive and st.button(t("race.stop"), key="sweep_stop", width="stretch"):
            jobs.stop(store(), now.id)
            st.rerun()


def _what_it_takes(plan: Plan, fresh: bool) -> tuple[str, bool]:
    """Return how large the sweep is and how long it will take about, or why it cannot be started."""
    if plan.refused:
        return "", False
    if plan.too_large:
        return t("sweep.too_large", cells=f"{plan.cells:,}", seeds=plan.seeds, most=f"{MOST_MEMBERS:,}"), False
    if plan.random is None and any(isinstance(axis, Range) for axis in plan.axes.values()):
        return t("sweep.no_values"), False
    found = size(plan, fresh)
    if isinstance(found, str):
        return found, False
    networks, seconds = found
    counted = t("sweep.networks", cells=f"{plan.cells:,}", seeds=plan.seeds, n=f"{networks:,}")
    about = about_text(seconds)
    return f"{counted} {about}", True
