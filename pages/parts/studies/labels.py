"""What a study and a technique are called, and what a study changes in its preset."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypedDict

import streamlit as st

from kd_core.errors import KDError
from kd_core.results import forks_of, recipe_of
from kd_core.settings import format_value
from kd_core.store import StudyRow
from pages.parts.app import engine
from pages.parts.recorded import recorded_method_race
from pages.parts.text import (
    AxisWords,
    axis_words,
    declared_text,
    language,
    member_text,
    path_title,
    t,
    temperature_text,
    value_text,
)

MOST_CHANGES = 5
MOST_NAMED: Final = 3
FIRST: Final = ("method", "method.temperature", "method.teacher_weight", "data.labelled", "protocol")
"""What is named first, in this order; the others follow as the recipe has them."""
MEMBERS: Final = {"method": "methods", "protocol": "protocols", "student": "networks", "teacher.student": "networks"}
SYMBOLS: Final = {"method.temperature": "T", "method.teacher_weight": "α"}
SEEDS: Final = ("seed", "teacher.seed")
"""Of a race the last seed's recipe is read."""
_DIGEST = re.compile(r"-[0-9a-f]{6,64}$")


def study_label(row: StudyRow) -> str:
    """Return how a study is called in lists: its name, or preset, what it changes there, seeds and time."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created))
    facts = [study_title(row), t("study.seeds", n=row.seeds), when]
    if cells := row.spec.get("cells"):
        facts.insert(1, t("study.techniques" if row.kind == "compare" else "study.cells", n=len(cells)))
    return " · ".join([facts[0], *differing(row), *facts[1:]])


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


def study_title(row: StudyRow) -> str:
    """Return a study's own name, else that of its images where they are somebody's own, else its preset's."""
    return row.name or _own_images(recipe_of(row)) or declared_text(f"presets.{row.preset}.title", row.preset)


def differing(row: StudyRow) -> list[str]:
    """Return what a study changes in its preset, e.g. "Temperature 12"; nothing until the engine is there."""
    if not engine.engine_is_warm():
        return []
    return list(_differing(str(engine.store().home), row.id, language()))


def fork_texts(row: StudyRow) -> list[str]:
    """Return where a study left others in mid-run, from the first to the last, e.g. "from #12 at epoch 7: T 4 → 8"."""
    texts = []
    recipe = recipe_of(row)
    for fork in forks_of(recipe):
        number = engine.store().lineage.study_of(fork.parent, row.number)
        origin = t("fork.earlier") if number is None else f"#{number}"
        texts.append(t("fork.origin", origin=origin, epoch=fork.epoch, moved=moved_text(fork.changes, recipe)))
    return texts


def moved_text(changes: Mapping[str, tuple[Any, Any]], recipe: Mapping[str, Any]) -> str:
    """Return what moved from which value to which, e.g. "T 4 → 8, α 0.9 → 0.5"; "nothing changed" where nothing did.

    Args:
        changes: by path, the value before and after.
        recipe: as JSON, one in which the paths stand.
    """
    moved = []
    for path, values in changes.items():
        name = SYMBOLS.get(path) or path_title(path, recipe)
        moved.append(f"{name} {value_text(values[0])} → {value_text(values[1])}")
    return ", ".join(moved) or t("fork.nothing")


def taught_with(recipe: Mapping[str, Any]) -> list[str]:
    """Return what a student was taught with, changed or not: temperature and weight of its method, and its labels."""
    method, labelled = recipe["method"], recipe["data"]["labelled"]
    facts = [f"T = {temperature_text(method['temperature'])}"] if "temperature" in method else []
    facts += [f"α = {method['teacher_weight']:g}"] if "teacher_weight" in method else []
    facts += _given_teacher(recipe.get("teacher") or {})
    return [*facts, t("method_race.labels", n=f"{labelled:,}") if labelled is not None else t("race.all_labels")]


def _given_teacher(teacher: Mapping[str, Any]) -> list[str]:
    """Return which file taught, where no network was trained to teach."""
    given = teacher.get("given_logits") or teacher.get("given_weights")
    return [t("own_teacher.fact", file=Path(given["path"]).name)] if given else []


@lru_cache(maxsize=2000)
def _differing(home: str, study: str, language: str) -> tuple[str, ...]:
    """What a study asked for never changes: read once for everybody who speaks a language."""
    from kd_core.recipe import PRESETS, Recipe

    row = engine.store().studies.get(study)
    if row.preset not in PRESETS:
        return ()
    base = recipe_of(row)
    try:
        recipe = Recipe.from_json(base)
    except KDError:  # of another version: the list is there all the same
        return ()
    changes = {
        path: value
        for path, value in recipe.differences(PRESETS[row.preset].recipe).items()
        if path not in row.spec.get("axes", {}) and path not in SEEDS and not _said_by_the_label(path, base)
    }
    ordered = sorted(changes, key=lambda path: FIRST.index(path) if path in FIRST else len(FIRST))
    named = [_change(path, changes[path], recipe) for path in ordered[:MOST_NAMED]]
    further = [f"+{len(ordered) - MOST_NAMED}"] if len(ordered) > MOST_NAMED else []
    return (*named, *further, *fork_texts(row)[-1:])


def _change(path: str, value: Any, recipe: Any) -> str:
    if isinstance(value, Mapping):
        section, name = MEMBERS.get(path, ""), str(value.get("name", ""))
        return member_text.title_of(section, name) if section else path_title(path, recipe.to_json())
    words = t("upload.all") if value is None and path.endswith("data.labelled") else value_text(value)
    return f"{axis_words(recipe, path).title} {words}"


def _said_by_the_label(path: str, base: Mapping[str, Any]) -> bool:
    """Tell whether one's own images, after which the study is called, bring this change with them, or it is a fork."""
    if path.partition(".")[0] == "fork":
        return True
    return path.removeprefix("teacher.").startswith("data.source") and bool(_own_images(base))


def _own_images(base: Mapping[str, Any]) -> str:
    source = base["data"]["source"]
    return _DIGEST.sub("", Path(source["path"]).name) if source["name"] == "image_folder" else ""


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
