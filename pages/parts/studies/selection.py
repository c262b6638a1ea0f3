"""Selection: which study the pages look at, kept in the link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from kd_core.errors import RunUnknown
from kd_core.store import StudyRow
from pages.parts.app import link, store
from pages.parts.studies.labels import listed_label
from pages.parts.text import t


def current_study() -> StudyRow | None:
    """Return the study in the link, else the race that is alive, else None; a broken link is told and dropped."""
    asked = link.get("study")
    if asked:
        try:
            return store().studies.get(asked)
        except RunUnknown:
            link.refuse("study", t("link.no_study", study=asked))
    alive = store().studies.list(status=("running", "queued"), limit=20)
    return next((row for row in alive if row.kind == "race"), None)


@dataclass(frozen=True)
class Selection:
    """What the pages look at: a race, or one cell of a sweep.

    Args:
        row: the study.
        cell: of a sweep, the number of the cell.
        asked: the settings in the form, where the cell is only the nearest to them; empty where it is meant itself.
    """

    row: StudyRow
    cell: int | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any] | None:
        """Return the cell's values by path, None for a race."""
        return None if self.cell is None else dict(self.row.spec["cells"][self.cell])


def cell_in_link(row: StudyRow) -> int:
    """Return the cell that the link names; one that the sweep does not have is told and dropped."""
    return int(link.number("cell", 0, 0, len(row.spec["cells"]) - 1))


def has_cells(row: StudyRow) -> bool:
    """Tell whether a study is a sweep whose cells can be looked at one by one."""
    return row.kind == "sweep" and bool(row.spec.get("cells"))


def _can_be_shown(row: StudyRow) -> bool:
    return row.kind == "race" or bool(row.spec.get("cells"))


def choose_study(key: str, *, recorded: bool = True) -> StudyRow | None:
    """Let the reader choose among the store's studies; None stands for the recorded race.

    Args:
        key: the widget's key.
        recorded: whether the recorded race is on offer.
    """
    rows = [row for row in store().studies.list(limit=50) if row.status != "queued" and _can_be_shown(row)]
    by_id = {row.id: row for row in rows}
    now = current_study()
    if now is not None:
        by_id.setdefault(now.id, now)
    options = list(by_id) + ([""] if recorded else [])
    if not options:
        return None
    index = options.index(now.id) if now else 0

    def label(study: str) -> str:
        return listed_label(by_id[study]) if study else t("study.recorded")

    picked = st.selectbox(t("study.choose"), options, index=index, format_func=label, key=key)
    if now is None or picked != now.id:
        link.put(cell=None)  # it counts within one study
    link.put(study=picked or None)
    return by_id.get(picked)


MOST_LISTED = 50


def linked_or_newest(kind: str) -> StudyRow | None:
    """Return the study of a kind in the link, else the newest one, else None; a broken link is told and dropped."""
    asked = link.get("study")
    if asked:
        try:
            row = store().studies.get(asked)
        except RunUnknown:
            link.refuse("study", t("link.no_study", study=asked))
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
    by_id = {row.id: row for row in _newest(now.kind)}
    by_id.setdefault(now.id, now)
    if len(by_id) < 2:
        return
    st.session_state[key] = now.id
    st.selectbox(
        title,
        list(by_id),
        format_func=lambda study: label(by_id[study]),
        key=key,
        on_change=_look_at,
        args=(key, list(by_id)),
    )


def _look_at(key: str, studies: list[str]) -> None:
    """Keep the choice in the link; where an option was renamed meanwhile, the browser sends its old words instead."""
    chosen = st.session_state[key]
    if chosen in studies:
        link.put(study=chosen, cell=None)


def _newest(kind: str) -> list[StudyRow]:
    return [row for row in store().studies.list(limit=300) if row.kind == kind][:MOST_LISTED]
