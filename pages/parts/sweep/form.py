"""The form of a sweep: two axes and their values, seeds, how long it will take, and the button that starts it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from kd_core.settings import Range, lane_fields
from kd_core.store import StudyRow
from pages.parts.app import error_boundary, link
from pages.parts.form import shared_settings, state
from pages.parts.studies import redraw_if_asked, seeds_slider, start_bar, train_again_toggle
from pages.parts.sweep.axes import axis_paths
from pages.parts.sweep.plan import (
    MOST_MEMBERS,
    MOST_POINTS,
    NONE,
    Plan,
    current_plan,
    put_axis,
    put_way,
    sweep_seeds,
)
from pages.parts.text import AxisWords, about_text, escape_markdown, t


@st.fragment(key="sweep_form")
def sweep_form(now: StudyRow | None) -> None:
    """Draw the form; ``now`` is the sweep that is looked at."""
    redraw_if_asked()
    with error_boundary():
        shared_settings()
        if not lane_fields(type(state.current().method)):
            st.caption(t("race.no_teacher_settings"))
        paths = axis_paths(state.current())
        plan = current_plan(paths)
        with st.container(gap="xsmall"):
            _axis("x", plan, paths)
            _axis("y", plan, {path: words for path, words in paths.items() if path != plan.typed["x"].path})
        _counts(plan)
        _start_and_stop(plan, now)
        _way()
        train_again_toggle()
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
    seeds_slider(sweep_seeds(), t("sweep.seeds_help"))


def _number(part: str, label: str, low: int, high: int) -> None:
    key = f"sweep_{part}"
    st.number_input(label, low, high, step=1, key=key, on_change=lambda: link.put(**{part: st.session_state[key]}))


def _start_and_stop(plan: Plan, now: StudyRow | None) -> None:
    text, seconds = _what_it_takes(plan)
    if seconds is not None:
        st.caption(text)
    elif text:
        st.error(escape_markdown(text))
    start_bar(
        t("sweep.start"),
        plan.study,
        now,
        key="sweep_start",
        stop_key="sweep_stop",
        pause_key="sweep_pause",
        seconds=seconds,
    )


def _what_it_takes(plan: Plan) -> tuple[str, float | None]:
    """Return how large the sweep is and about how many seconds it takes, or why it cannot be started and None."""
    if plan.refused:
        return "", None
    if plan.too_large:
        return t("sweep.too_large", cells=f"{plan.cells:,}", seeds=plan.seeds, most=f"{MOST_MEMBERS:,}"), None
    if plan.random is None and any(isinstance(axis, Range) for axis in plan.axes.values()):
        return t("sweep.no_values"), None
    work = plan.work()
    if work.trouble:
        return work.trouble, None
    counted = t("sweep.networks", cells=f"{plan.cells:,}", seeds=plan.seeds, n=f"{work.networks:,}")
    return f"{counted} {about_text(work.seconds)}", work.seconds
