"""The form of a method race: what all share, which techniques, seeds, how long it will take, and the start button."""

from __future__ import annotations

import streamlit as st

from kd_core.store import StudyRow
from pages.parts.app import error_boundary
from pages.parts.form import shared_settings, state
from pages.parts.method_race.plan import TECHNIQUES, Plan, first_techniques, put_techniques, seeds_asked
from pages.parts.method_race.sentences import technique
from pages.parts.studies import Work, redraw_if_asked, seeds_slider, start_bar, train_again_toggle
from pages.parts.text import about_text, escape_markdown, t


@st.fragment(key="method_race_form")
def method_race_form(now: StudyRow | None) -> None:
    """Draw the form; ``now`` is the method race that is looked at."""
    redraw_if_asked()
    with error_boundary():
        shared_settings()
        plan = Plan(state.current(), _techniques(now), _seeds())
        _start_and_stop(plan, now)
        train_again_toggle()
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
    return seeds_slider(seeds_asked(), t("method_race.seeds_help"))


def _start_and_stop(plan: Plan, now: StudyRow | None) -> None:
    seconds = _tell(plan)
    start_bar(
        t("method_race.start"),
        plan.study,
        now,
        key="method_race_start",
        stop_key="method_race_stop",
        pause_key="method_race_pause",
        seconds=seconds,
    )


def _tell(plan: Plan) -> float | None:
    """Say how much work it is and who cannot take part, and return its seconds; or why it cannot be started, None."""
    refused = plan.refused() if plan.names else {}
    trouble = plan.trouble(refused)
    work = Work() if trouble else plan.work()
    if trouble or work.trouble:
        st.error(escape_markdown(trouble or work.trouble))
        return None
    for name, reason in refused.items():
        st.warning(escape_markdown(t("method_race.will_not_race", technique=technique(name), reason=reason)))
    racing = len(plan.names) - len(refused)
    counted = t("method_race.networks", n=racing, seeds=plan.seeds, networks=f"{work.networks:,}")
    st.caption(f"{counted} {about_text(work.seconds)}")
    return work.seconds
