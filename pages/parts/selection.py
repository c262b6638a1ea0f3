"""Selection: which study the pages look at, kept in the link."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from kd_core.errors import RunUnknown
from kd_core.settings import written_value
from kd_core.store import StudyRow
from pages.parts import links
from pages.parts.engine import store
from pages.parts.texts import declared, t

MOST_CHANGES = 5


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


@dataclass(frozen=True)
class Shown:
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
    return int(links.number("cell", 0, 0, len(row.spec["cells"]) - 1))


def study_label(row: StudyRow) -> str:
    """Return how a study is called in lists: its name, or preset, seeds and time."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created))
    title = row.name or declared(f"presets.{row.preset}.title", row.preset)
    facts = [title, t("study.seeds", n=row.seeds), when]
    if row.spec.get("cells"):
        facts.insert(1, t("study.cells", n=len(row.spec["cells"])))
    return " · ".join(facts)


def listed_label(row: StudyRow) -> str:
    """Return what a study is called in a list; with its number, because a browser sends back words alone."""
    return f"#{row.number} {study_label(row)}"


def changes_of(row: StudyRow) -> list[str]:
    """Return what a study's base changes in its preset, as the command line writes it; a long list is cut short."""
    told = _changes_of(row.id, row.preset, row.spec["base"])
    return told if len(told) <= MOST_CHANGES else [*told[:MOST_CHANGES], t("sweep.changed", n=len(told))]


@st.cache_data(max_entries=64, show_spinner=False)
def _changes_of(study: str, preset: str, _base: Mapping[str, Any]) -> list[str]:
    """A study's base never changes, and the page that shows it is drawn twice a second while it trains."""
    from kd_core.presets import PRESETS
    from kd_core.recipe import Recipe

    if preset not in PRESETS:
        return []
    changes = Recipe.checked(_base).differences(PRESETS[preset].recipe)
    return [f"{path}={written_value(value)}" for path, value in changes.items()]


def _can_be_shown(row: StudyRow) -> bool:
    return row.kind == "race" or (row.kind == "sweep" and bool(row.spec.get("cells")))


def choose_study(key: str, *, recorded: bool = True) -> StudyRow | None:
    """Let the reader choose among the store's studies; None stands for the recorded race.

    Args:
        key: the widget's key.
        recorded: whether the recorded race is on offer.
    """
    rows = [row for row in store().studies.list(limit=50) if row.status != "queued" and _can_be_shown(row)]
    known = {row.id: row for row in rows}
    now = current_study()
    if now is not None:
        known.setdefault(now.id, now)
    options = list(known) + ([""] if recorded else [])
    if not options:
        return None
    index = options.index(now.id) if now else 0

    def label(study: str) -> str:
        return listed_label(known[study]) if study else t("study.recorded")

    picked = st.selectbox(t("study.choose"), options, index=index, format_func=label, key=key)
    links.put(study=picked or None)
    return known.get(picked)
