"""Following a study while it lives: a fragment that polls, and what a page shows until there is something to see."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from kd_core.results import StoredLogits
from kd_core.store import StudyRow
from kd_core.vocabulary import ALIVE
from pages.parts.app import error_boundary, store
from pages.parts.studies.start import redraw_if_asked
from pages.parts.text import t
from pages.parts.watch import drawn, look_at, pulses

WAITING_SECONDS = 1.0
"""A page that has nothing to draw yet looks less often."""


def live_fragment(study: StudyRow, draw: Callable[[StudyRow], None], *, key: str) -> None:
    """Draw a study in a fragment that is drawn anew when it changes, and the whole page once, when it has ended.

    Args:
        study: the one looked at.
        draw: from the study as it is now; what the engine refuses in it is told.
        key: of the fragment.
    """
    st.fragment(_draw_now, key=key)(study.id, draw, key)
    if study.alive:
        look_at(study.id, key)


def _draw_now(study: str, draw: Callable[[StudyRow], None], key: str) -> None:
    redraw_if_asked()
    began = time.thread_time()
    with error_boundary():
        beat = pulses.pulse(study)
        draw(store().studies.get(study))
        drawn(key, beat, time.thread_time() - began)


def nothing_yet(study: StudyRow | None, chooser: str) -> None:
    """Say that there is nothing to look at, offer the recorded race, and rerun when there is something.

    Args:
        study: the one looked at.
        chooser: key of the page's ``choose_study``.
    """
    alive = study is not None and study.alive
    st.info(t("soft_labels.nothing_alive" if alive else "soft_labels.nothing_ended"))

    def show_recorded() -> None:
        st.session_state[chooser] = ""

    st.button(t("soft_labels.show_recorded"), key="show_recorded", on_click=show_recorded)
    if study is not None and alive:
        _until_more(study.id, _finished(study.id))


def watch(study: StudyRow | None, shown: StoredLogits) -> None:
    """Rerun the page once another network of a living study is finished; ``shown`` is what the page has."""
    if (
        study is not None
        and study.alive
        and len(shown.logits) < len({m.arm for m in store().studies.members(study.id)})
    ):
        _until_more(study.id, _finished(study.id))


@st.fragment(run_every=WAITING_SECONDS)
def _until_more(study: str, finished: int) -> None:
    beat = pulses.pulse(study)
    if beat == st.session_state.get("waited_for"):
        return
    if not beat or beat[0] not in ALIVE or _finished(study) != finished:
        st.rerun()
    st.session_state["waited_for"] = beat


def _finished(study: str) -> int:
    return sum(member.status == "done" for member in store().studies.member_progress(study))
