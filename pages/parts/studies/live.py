"""Following a study while it lives: a fragment that polls, and what a page shows until there is something to see."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from kd_core import jobs
from kd_core.results import StoredLogits
from kd_core.store import StudyRow
from pages.parts.app import error_boundary, store
from pages.parts.studies.start import redraw_if_asked
from pages.parts.text import t

POLL_SECONDS = 0.4
WAITING_SECONDS = 1.0
"""A page that has nothing to draw yet looks less often."""


def live_fragment(study: StudyRow, draw: Callable[[StudyRow], None], *, key: str) -> None:
    """Draw a study in a fragment that polls while it lives, and draw the whole page anew once, when it has ended.

    Args:
        study: the one looked at.
        draw: from the study as it is now; what the engine refuses in it is told.
        key: of the fragment.
    """
    poll = POLL_SECONDS if study.alive else None
    st.fragment(_draw_now, run_every=poll, key=key)(study.id, study.alive, draw)


def _draw_now(study: str, was_alive: bool, draw: Callable[[StudyRow], None]) -> None:
    redraw_if_asked()
    with error_boundary():
        if was_alive:
            jobs.mark_lost(store())
        row = store().studies.get(study)
        if was_alive and not row.alive:
            st.rerun()  # once: the fragment stops polling, and the page offers what can be done now
        draw(row)


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
    if _finished(study) != finished or not store().studies.get(study).alive:
        st.rerun()


def _finished(study: str) -> int:
    return sum(member.status == "done" for member in store().studies.member_progress(study))
