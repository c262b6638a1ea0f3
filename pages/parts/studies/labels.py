"""What a study and a technique are called, and what a study changes in its preset."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, TypedDict

import streamlit as st

from kd_core.settings import format_value
from kd_core.store import StudyRow
from pages.parts.app import engine
from pages.parts.recorded import recorded_method_race
from pages.parts.text import AxisWords, axis_words, declared_text, language, member_text, t

MOST_CHANGES = 5


def study_label(row: StudyRow) -> str:
    """Return how a study is called in lists: its name, or preset, seeds and time."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created))
    title = row.name or declared_text(f"presets.{row.preset}.title", row.preset)
    facts = [title, t("study.seeds", n=row.seeds), when]
    if cells := row.spec.get("cells"):
        facts.insert(1, t("study.techniques" if row.kind == "compare" else "study.cells", n=len(cells)))
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


class TechniqueWords(TypedDict):
    """What the engine declares of a technique: its catalogue section, and title and short name in English."""

    section: str
    title: str
    short: str


def technique_title(name: str) -> str:
    """Return what a technique is called, e.g. "Hints: two stages"; one of another version by its name."""
    base, _, variant = name.partition(":")
    known: TechniqueWords | None = (
        declared_words(base) if engine.engine_is_warm() else recorded_method_race()["words"].get(base)
    )
    if known is None:
        return name
    title = declared_text(f"{known['section']}.{base}.title", known["title"])
    if known["short"]:
        title = t("methods_page.abbreviated", title=title, short=known["short"])
    if known["section"] == "protocols":
        return t("method_race.protocol", title=title)
    if known["section"] == "tips":
        return t("method_race.tip", title=title)
    return t("method_race.variant", title=title, variant=t(f"method_race.variants.{variant}")) if variant else title


def declared_words(base: str) -> TechniqueWords | None:
    """Return what the engine itself declares of a technique without its variant, or None."""
    from kd_core.methods import METHODS
    from kd_core.protocols import PROTOCOLS
    from kd_core.recipe import TIPS

    if base in TIPS:
        return {"section": "tips", "title": TIPS[base].title, "short": ""}
    sections: Mapping[str, Mapping[str, type]] = {"protocols": PROTOCOLS, "methods": METHODS}
    for section, members in sections.items():
        if base in members:
            member = members[base]
            short = str(getattr(member, "abbreviation", ""))
            return {"section": section, "title": member_text.own_title(member), "short": short}
    return None
