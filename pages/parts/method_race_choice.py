"""Which method race the page looks at: the link's, or the newest of this store."""

from __future__ import annotations

import time

import streamlit as st

from kd_core.errors import RunUnknown
from kd_core.store import StudyRow
from pages.parts import links
from pages.parts.engine import store
from pages.parts.texts import declared, t

MOST_LISTED = 50


def current_method_race() -> StudyRow | None:
    """Return the method race in the link, else the newest one, else None; a broken link is told and dropped."""
    asked = links.get("study")
    if asked:
        try:
            row = store().studies.get(asked)
        except RunUnknown:
            links.refuse("study", t("link.no_study", study=asked))
        else:
            if row.kind == "compare":
                return row
    return next(iter(_method_races()), None)


def choose_method_race(now: StudyRow) -> None:
    """Offer the method races of this store; another choice goes into the link and draws the page anew."""
    known = {row.id: row for row in _method_races()}
    known.setdefault(now.id, now)
    if len(known) < 2:
        return
    st.session_state["method_race_study"] = now.id
    st.selectbox(
        t("method_race.earlier"),
        list(known),
        format_func=lambda study: _label(known[study]),
        key="method_race_study",
        on_change=_look_at,
        args=(list(known),),
    )


def _look_at(known: list[str]) -> None:
    """Keep the choice in the link; where an option was renamed meanwhile, the browser sends its old words instead."""
    chosen = st.session_state["method_race_study"]
    if chosen in known:
        links.put(study=chosen, cell=None)


def preset_title(row: StudyRow) -> str:
    """Return what the preset is called that a study started from."""
    from kd_core.presets import PRESETS

    english = PRESETS[row.preset].title if row.preset in PRESETS else row.preset
    return declared(f"presets.{row.preset}.title", english)


def _label(row: StudyRow) -> str:
    """Return how a method race is called in the list: the same before and after its end, or the choice is lost."""
    return f"#{row.number} " + t(
        "method_race.label",
        title=row.name or preset_title(row),
        n=len(row.spec["cells"]),
        seeds=row.seeds,
        when=time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created)),
    )


def _method_races() -> list[StudyRow]:
    return [row for row in store().studies.list(limit=300) if row.kind == "compare"][:MOST_LISTED]
