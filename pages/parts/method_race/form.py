"""The form of a method race: what all share, which techniques, seeds, how long it will take, and the start button."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from kd_core import jobs
from kd_core.store import StudyRow
from pages.parts.app import error_boundary, link, store
from pages.parts.form import shared_settings, state
from pages.parts.method_race.plan import TECHNIQUES, Plan, Size, first_techniques, put_techniques, seeds_asked, size
from pages.parts.method_race.sentences import technique
from pages.parts.studies import about_text, start_study
from pages.parts.text import escape_markdown, t


@st.fragment(key="method_race_form")
def method_race_form(now: StudyRow | None) -> None:
    """Draw the form; ``now`` is the method race that is looked at."""
    with error_boundary():
        shared_settings()
        plan = Plan(state.current_recipe(), _techniques(now), _seeds())
        _start_and_stop(plan, now)
        st.toggle(t("race.train_again"), key="train_again", help=t("race.train_again_help"), persist_state="session")
        st.page_link("pages/race.py", label=t("sweep.to_race"))


def _techniques(now: StudyRow | None) -> list[str]:
    from kd_core.recipe import technique_names

    if TECHNIQUES not in st.session_state:
        st.session_state[TECHNIQUES] = first_techniques(now)
    return st.multiselect(
        t("method_race.techniques"),
        technique_names(),
        format_func=technique,
        key=TECHNIQUES,
        help=t("method_race.techniques_help"),
        on_change=lambda: put_techniques(st.session_state[TECHNIQUES]),
        persist_state="session",
    )


def _seeds() -> int:
    st.session_state["seeds"] = seeds_asked()
    return st.slider(
        t("race.seeds"),
        1,
        max(10, seeds_asked()),
        key="seeds",
        help=t("method_race.seeds_help"),
        on_change=lambda: link.put(seeds=st.session_state["seeds"]),
    )


def _start_and_stop(plan: Plan, now: StudyRow | None) -> None:
    fresh = bool(st.session_state.get("train_again", False))
    found = size(plan, fresh)
    _tell(plan, found)
    able = isinstance(found, Size)
    left, right = st.columns(2)
    with left:
        look: Literal["primary", "secondary"] = "primary" if able else "secondary"
        if st.button(t("method_race.start"), key="method_race_start", type=look, width="stretch", disabled=not able):
            start_study(plan.study, fresh)
    with right:
        if now is not None and now.alive and st.button(t("race.stop"), key="method_race_stop", width="stretch"):
            jobs.stop(store(), now.id)
            st.rerun()


def _tell(plan: Plan, found: Size | str) -> None:
    """Say how much work it is and who cannot take part, or why it cannot be started."""
    if isinstance(found, str):
        st.error(escape_markdown(found))
        return
    for name, reason in found.refused.items():
        st.warning(escape_markdown(t("method_race.will_not_race", technique=technique(name), reason=reason)))
    racing = len(plan.names) - len(found.refused)
    counted = t("method_race.networks", n=racing, seeds=plan.seeds, networks=f"{found.networks:,}")
    about = about_text(found.seconds)
    st.caption(f"{counted} {about}")
