"""Selection: which study the pages look at, kept in the link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from kd_core.errors import RunUnknown
from kd_core.store import StudyRow
from pages.parts.app import link, store
from pages.parts.studies.fit import own_study
from pages.parts.studies.labels import listed_label
from pages.parts.studies.whose import choose_whose, listed
from pages.parts.text import t


def current_study(kind: str = "") -> StudyRow | None:
    """Return the study in the link, else the visitor's own, which a link that names none then names, else None.

    Args:
        kind: of study that the page shows; nothing for a page that shows any, and a race of the visitor's by itself.
    """
    asked = link.get("study")
    if asked:
        try:
            row = store().studies.get(asked)
        except RunUnknown:
            link.refuse("study", t("link.no_study", study=asked))
        else:
            if not kind or row.kind == kind:
                return row
    own = own_study(kind or "race")
    if own is not None and not link.get("study"):
        link.put(study=own.id)
    return own


MOST_LISTED = 50


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


def _can_be_shown(row: StudyRow) -> bool:
    return row.kind == "race" or bool(row.spec.get("cells"))


def choose_study(key: str, *, recorded: bool = True) -> StudyRow | None:
    """Let the reader choose among the store's studies; None stands for the recorded race.

    Args:
        key: the widget's key.
        recorded: whether the recorded race is on offer.
    """
    choose_whose()
    rows = [row for row in listed(limit=MOST_LISTED) if row.status != "queued" and _can_be_shown(row)]
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


def choose_another(kind: str, now: StudyRow | None, key: str, title: str, label: Callable[[StudyRow], str]) -> None:
    """Offer the studies of a kind; another choice goes into the link and draws the page anew.

    Args:
        kind: of studies.
        now: the one that is looked at, or None.
        key: the widget's key.
        title: what stands above the list.
        label: what a study is called in it: the same before and after its end, or the choice is lost.
    """
    choose_whose()
    by_id = {row.id: row for row in listed(limit=MOST_LISTED, kind=kind)}
    if now is not None:
        by_id.setdefault(now.id, now)
    if not by_id or list(by_id) == [now and now.id]:
        return
    st.session_state[key] = now and now.id
    st.selectbox(
        title,
        list(by_id),
        index=None,
        placeholder=t("study.choose_earlier"),
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
