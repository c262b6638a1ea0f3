"""What a study is called in lists, and what it changes in its preset."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from kd_core.settings import format_value
from kd_core.store import StudyRow
from pages.parts.text import AxisWords, axis_words, declared_text, language, t

MOST_CHANGES = 5


def study_label(row: StudyRow) -> str:
    """Return how a study is called in lists: its name, or preset, seeds and time."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created))
    title = row.name or declared_text(f"presets.{row.preset}.title", row.preset)
    facts = [title, t("study.seeds", n=row.seeds), when]
    if row.spec.get("cells"):
        facts.insert(1, t("study.cells", n=len(row.spec["cells"])))
    return " · ".join(facts)


def listed_label(row: StudyRow) -> str:
    """Return what a study is called in a list; with its number, because a browser sends back words alone."""
    return f"#{row.number} {study_label(row)}"


def changes_of(row: StudyRow) -> list[str]:
    """Return what a study's base changes in its preset, as the command line writes it; a long list is cut short."""
    changes = _changes_of(row.id, row.preset, row.spec["base"])
    return changes if len(changes) <= MOST_CHANGES else [*changes[:MOST_CHANGES], t("sweep.changed", n=len(changes))]


def axes_of(row: StudyRow) -> dict[str, AxisWords]:
    """Return by path what the axes of a sweep are called."""
    return {path: AxisWords(*facts) for path, facts in _axes_of(row.id, language(), row.spec).items()}


@st.cache_data(max_entries=64, show_spinner=False)
def _axes_of(study: str, language: str, _spec: Mapping[str, Any]) -> dict[str, tuple[str, str, bool]]:
    """A study's axes never change, and their declarations are looked up once a language."""
    from kd_core.recipe import Recipe

    base = Recipe.from_json(_spec["base"])
    words = {path: axis_words(base, path) for path in _spec["axes"]}
    return {path: (axis.title, axis.full, axis.log) for path, axis in words.items()}


@st.cache_data(max_entries=64, show_spinner=False)
def _changes_of(study: str, preset: str, _base: Mapping[str, Any]) -> list[str]:
    """A study's base never changes, and the page that shows it is drawn twice a second while it trains."""
    from kd_core.recipe import PRESETS, Recipe

    if preset not in PRESETS:
        return []
    changes = Recipe.from_json(_base).differences(PRESETS[preset].recipe)
    return [f"{path}={format_value(value)}" for path, value in changes.items()]
