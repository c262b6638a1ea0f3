"""The form of a sweep: two axes and their values, seeds, how long it will take, and the button that starts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import streamlit as st

from kd_core import jobs
from kd_core.axes import Range
from kd_core.errors import KDError
from kd_core.settings import lane_fields
from kd_core.store import StudyRow
from pages.parts import form, links
from pages.parts.attempts import told
from pages.parts.engine import data_root, store
from pages.parts.literal import literal
from pages.parts.numbers import seconds_text
from pages.parts.sweep_axes import AxisWords, axis_paths
from pages.parts.sweep_plan import MOST_MEMBERS, MOST_POINTS, NONE, Plan, current_plan, put_axis, put_way, size
from pages.parts.sweep_plan import sweep_seeds as seeds_asked
from pages.parts.texts import declared, error_text, t


@st.fragment(key="sweep_form")
def sweep_form(now: StudyRow | None) -> None:
    """Draw the form; ``now`` is the sweep that is looked at."""
    with told():
        _base()
        paths = axis_paths(form.current_recipe())
        plan = current_plan(paths)
        with st.container(gap="xsmall"):
            _axis("x", plan, paths)
            _axis("y", plan, {path: words for path, words in paths.items() if path != plan.typed["x"].path})
        _counts(plan)
        _start_and_stop(plan, now)
        _way()
        st.toggle(t("race.train_again"), key="train_again", help=t("race.train_again_help"), persist_state="session")
        st.page_link("pages/race.py", label=t("sweep.to_race"))


def _base() -> None:
    """What every cell has in common: a preset with the changes that the Race page made."""
    from kd_core.presets import PRESETS

    name = form.preset_name()
    st.session_state["preset"] = name
    st.selectbox(
        t("race.preset"),
        list(PRESETS),
        format_func=lambda one: declared(f"presets.{one}.title", PRESETS[one].title),
        key="preset",
        on_change=lambda: form.use_preset(st.session_state["preset"]),
        help=declared(f"presets.{name}.description", PRESETS[name].description),
    )
    recipe = form.current_recipe()
    teacher = recipe.teacher.student.label if recipe.teacher else "–"
    facts = t("sweep.base", teacher=teacher, student=recipe.student.label, epochs=recipe.optim.epochs)
    if changed := len(links.settings()):
        facts += " · " + t("sweep.changed", n=changed)
    st.caption(literal(facts))
    if not lane_fields(type(recipe.method)):
        st.caption(t("race.no_teacher_settings"))


def _way() -> None:
    st.session_state["sweep_way"] = "random" if links.get("random") else "grid"
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
        st.error(literal(plan.refused[name]))


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
        on_change=lambda: links.put(seeds=st.session_state["seeds"]),
    )


def _number(part: str, label: str, low: int, high: int) -> None:
    key = f"sweep_{part}"
    st.number_input(label, low, high, step=1, key=key, on_change=lambda: links.put(**{part: st.session_state[key]}))


def _start_and_stop(plan: Plan, now: StudyRow | None) -> None:
    fresh = bool(st.session_state.get("train_again", False))
    what, able = _what_it_takes(plan, fresh)
    if able:
        st.caption(what)
    elif what:
        st.error(literal(what))
    left, right = st.columns(2)
    with left:
        look: Literal["primary", "secondary"] = "primary" if able else "secondary"
        if st.button(t("sweep.start"), key="sweep_start", type=look, width="stretch", disabled=not able):
            _start(plan, fresh)
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
    about = t("race.reused") if seconds < 0.05 else t("race.about", seconds=_rounded(seconds))
    return f"{counted} {about}", True


def _rounded(seconds: float) -> str:
    return t("time.seconds", n=max(1, round(seconds))) if seconds < 90 else seconds_text(seconds)


def _start(plan: Plan, fresh: bool) -> None:
    device = st.session_state.get("device", "auto")
    try:
        made = jobs.submit(store(), plan.study(), data_root=data_root(), fresh=fresh, device=device)
    except KDError as error:
        st.error(literal(error_text(error)))
        return
    links.put(study=made, cell=None, epoch=None)
    st.rerun()
