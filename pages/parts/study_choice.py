"""Which study of one kind a page looks at: the link's, or the newest of this store, and the list of the others."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from kd_core.errors import RunUnknown
from kd_core.store import StudyRow
from pages.parts import links
from pages.parts.engine import store
from pages.parts.texts import t

MOST_LISTED = 50


def linked_or_newest(kind: str) -> StudyRow | None:
    """Return the study of a kind in the link, else the newest one, else None; a broken link is told and dropped."""
    asked = links.get("study")
    if asked:
        try:
            row = store().studies.get(asked)
        except RunUnknown:
            links.refuse("study", t("link.no_study", study=asked))
        else:
            if row.kind == kind:
                return row
    return next(iter(_newest(kind)), None)


def choose_another(now: StudyRow, key: str, title: str, label: Callable[[StudyRow], str]) -> None:
    """Offer the studies of the same kind; another choice goes into the link and draws the page anew.

    Args:
        now: the one that is looked at.
        key: the widget's key.
        title: what stands above the list.
        label: what a study is called in it: the same before and after its end, or the choice is lost.
    """
    known = {row.id: row for row in _newest(now.kind)}
    known.setdefault(now.id, now)
    if len(known) < 2:
        return
    st.session_state[key] = now.id
    st.selectbox(
        title,
        list(known),
        format_func=lambda study: label(known[study]),
        key=key,
        on_change=_look_at,
        args=(key, list(known)),
    )


def _look_at(key: str, known: list[str]) -> None:
    """Keep the choice in the link; where an option was renamed meanwhile, the browser sends its old words instead."""
    chosen = st.session_state[key]
    if chosen in known:
        links.put(study=chosen, cell=None)


def _newest(kind: str) -> list[StudyRow]:
    return [row for row in store().studies.list(limit=300) if row.kind == kind][:MOST_LISTED]
