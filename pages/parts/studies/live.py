"""What a page shows of a study that has nothing finished yet, and how it notices that it has."""

from __future__ import annotations

import streamlit as st

from kd_core.results import StoredLogits
from kd_core.store import StudyRow
from pages.parts.app import store
from pages.parts.text import t

POLL_SECONDS = 1.0


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


@st.fragment(run_every=POLL_SECONDS)
def _until_more(study: str, known: int) -> None:
    if _finished(study) != known or not store().studies.get(study).alive:
        st.rerun()


def _finished(study: str) -> int:
    return sum(run.status == "done" for run in store().studies.runs_of(study).values())
