"""Selection: which study the pages look at, kept in the link."""

from __future__ import annotations

import time

import streamlit as st

from kd_core.errors import RunUnknown
from kd_core.store import StudyRow
from pages.parts import links
from pages.parts.engine import store
from pages.parts.texts import declared, t


def current_study() -> StudyRow | None:
    """Return the study in the link, else the race that is alive, else None; a broken link is told and dropped."""
    asked = links.get("study")
    if asked:
        try:
            return store().studies.get(asked)
        except RunUnknown:
            links.refuse("study", t("link.no_study", study=asked))
    alive = store().studies.list(status=("running", "queued"), limit=20)
    return next((row for row in alive if row.kind == "race"), None)


def study_label(row: StudyRow) -> str:
    """Return how a study is called in lists: its name, or preset, seeds and time."""
    when = time.strftime("%d %b %H:%M", time.localtime(row.created))
    title = row.name or declared(f"presets.{row.preset}.title", row.preset)
    return f"{title} · {t('study.seeds', n=row.seeds)} · {when}"


def choose_study(key: str, *, recorded: bool = True) -> StudyRow | None:
    """Let the reader choose among the store's studies; None stands for the recorded race.

    Args:
        key: the widget's key.
        recorded: whether the recorded race is on offer.
    """
    rows = [row for row in store().studies.list(limit=50) if row.status != "queued" and row.kind == "race"]
    known = {row.id: row for row in rows}
    now = current_study()
    if now is not None:
        known.setdefault(now.id, now)
    options = list(known) + ([""] if recorded else [])
    if not options:
        return None
    index = options.index(now.id) if now else 0

    def label(study: str) -> str:
        return study_label(known[study]) if study else t("study.recorded")

    picked = st.selectbox(t("study.choose"), options, index=index, format_func=label, key=key)
    links.put(study=picked or None)
    return known.get(picked)
