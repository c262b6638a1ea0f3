"""Which sweep the page looks at: the link's, or the newest of this store."""

from __future__ import annotations

import streamlit as st

from kd_core.errors import RunUnknown
from kd_core.store import StudyRow
from pages.parts import links
from pages.parts.engine import store
from pages.parts.selection import listed_label
from pages.parts.texts import t

MOST_LISTED = 50


def current_sweep() -> StudyRow | None:
    """Return the sweep in the link, else the newest one, else None; a broken link is told and dropped."""
    asked = links.get("study")
    if asked:
        try:
            row = store().studies.get(asked)
        except RunUnknown:
            links.refuse("study", t("link.no_study", study=asked))
        else:
            if row.kind == "sweep":
                return row
    return next(iter(_sweeps()), None)


def choose_sweep(now: StudyRow) -> None:
    """Offer the sweeps of this store; another choice goes into the link and draws the page anew."""
    known = {row.id: row for row in _sweeps()}
    known.setdefault(now.id, now)
    if len(known) < 2:
        return
    st.session_state["sweep_study"] = now.id
    st.selectbox(
        t("sweep.earlier"),
        list(known),
        # The same words before and after its end, or the choice is lost.
        format_func=lambda study: listed_label(known[study]),
        key="sweep_study",
        on_change=_look_at,
        args=(list(known),),
    )


def _look_at(known: list[str]) -> None:
    """Keep the choice in the link; where an option was renamed meanwhile, the browser sends its old words instead."""
    chosen = st.session_state["sweep_study"]
    if chosen in known:
        links.put(study=chosen, cell=None)


def _sweeps() -> list[StudyRow]:
    return [row for row in store().studies.list(limit=300) if row.kind == "sweep"][:MOST_LISTED]
