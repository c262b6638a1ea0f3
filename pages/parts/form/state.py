"""The form: every setting of a recipe, drawn from the engine's own declarations, and kept in the link."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from kd_core.errors import KDError, LecturerOnly
from kd_core.settings import format_value, parse_value
from pages.parts.app import link, link_checks, store, visitor
from pages.parts.text import error_text, language, t

if TYPE_CHECKING:
    from kd_core.recipe import Recipe, Study

DEFAULT_PRESET = "digits"


def preset_name() -> str:
    """Return the preset in the link, or the default; an unknown one is told and dropped."""
    from kd_core.recipe import PRESETS

    name = link.get("preset", DEFAULT_PRESET)
    if name not in PRESETS:
        link.refuse("preset", t("link.no_preset", preset=name))
        return DEFAULT_PRESET
    return name


def seeds() -> int:
    """Return how many seeds to race: from the link, or the preset's own number."""
    from kd_core.recipe import PRESETS

    return int(link.number("seeds", PRESETS[preset_name()].seeds, 1, 100))


def current() -> Recipe:
    """Return the preset's recipe with the link's changes; what cannot be used is told and dropped."""
    preset, changes = preset_name(), tuple(sorted(link.settings().items()))
    try:
        _recipe(preset, changes)
    except KDError:
        _refuse_unusable(preset, {path: parse_value(text) for path, text in changes})
        changes = tuple(sorted(link.settings().items()))
    run = earlier_teacher()
    try:
        return _recipe(preset, changes, run) if run else _recipe(preset, changes)
    except KDError as error:
        link.refuse("teacher_run", error_text(error))
        return _recipe(preset, changes)


@lru_cache(maxsize=64)
def _recipe(preset: str, changes: tuple[tuple[str, str], ...], teacher_run: str = "") -> Recipe:
    """A recipe is frozen, a run never changes its own, and a page asks for the same one a dozen times."""
    from kd_core.recipe import PRESETS

    if teacher_run:
        recipe = _recipe(preset, changes)
        return type(recipe).from_json({**recipe.to_json(), "teacher": store().runs.get(teacher_run).recipe})
    recipe = PRESETS[preset].recipe
    return recipe.changed({path: parse_value(text) for path, text in changes}) if changes else recipe


def race() -> Study:
    """Return the race that the form asks for.

    Raises:
        KDError: there is none, and why.
    """
    return _race(*_asked())


def race_fingerprint() -> str:
    """Return the fingerprint of the race that the form asks for, or nothing where there is none."""
    try:
        return _race_fingerprint(*_asked())
    except KDError:
        return ""


def _asked() -> tuple[str, tuple[tuple[str, str], ...], str, int]:
    """Return all that decides the form's race."""
    current()  # what cannot be used is dropped from the link first
    return preset_name(), tuple(sorted(link.settings().items())), earlier_teacher(), seeds()


@lru_cache(maxsize=128)
def _race(preset: str, changes: tuple[tuple[str, str], ...], teacher_run: str, seeds: int) -> Study:
    """A study is frozen, and a class asks for the same one forty times."""
    from kd_core.recipe import Study

    recipe = _recipe(preset, changes, teacher_run) if teacher_run else _recipe(preset, changes)
    return Study.race(recipe, seeds, preset, bool(teacher_run))


@lru_cache(maxsize=256)
def _race_fingerprint(preset: str, changes: tuple[tuple[str, str], ...], teacher_run: str, seeds: int) -> str:
    return _race(preset, changes, teacher_run, seeds).fingerprint()


def earlier_teacher() -> str:
    """Return the id of the earlier run that is to teach, or nothing where teachers are trained for each seed."""
    return link.get("teacher_run")


def teachers(recipe: Recipe) -> dict[str, str]:
    """Return the newest finished runs on the recipe's dataset that could teach: id -> label."""
    source = recipe.data.source.fingerprint()
    able = [run.id for run in store().runs.list(limit=60) if run.status == "done" and run.source == source]
    return {run: _teacher_label(run, language()) for run in able}


@st.cache_data(max_entries=500, show_spinner=False)
def _teacher_label(run: str, language: str) -> str:
    """A finished run does not change, so its label is looked up once a language."""
    from kd_core.recipe import Recipe

    row = store().runs.get(run)
    recipe, last = Recipe.from_json(row.recipe), store().runs.epochs([run], after=(row.reported_epoch or 0) - 1)[0]
    accuracy = 100 * (last.scores["test"]["accuracy"] or 0)
    return f"{recipe.student.label} · {accuracy:.1f} % · {t('form.seed', n=recipe.seed)} · {run}"


def change(path: str, value: Any) -> None:
    """Change one setting, or tell why it cannot be; the link keeps only what differs from the preset."""
    change_together({path: value}, path)


def change_together(changes: Mapping[str, Any], told_at: str) -> bool:
    """Change several settings at once, or none; return whether they were.

    Args:
        changes: by path.
        told_at: the setting beside which the reason stands, where they cannot be.
    """
    from kd_core.recipe import PRESETS

    if not visitor().oversees and link_checks.leaves_uploads(changes):
        st.session_state["form_error"] = (told_at, error_text(LecturerOnly()))
        return False
    base = PRESETS[preset_name()].recipe
    # Schedules were set for the method before, and may be stages of it.
    replaced = [*changes, "schedules"] if "method" in changes else changes
    kept = {at: parse_value(text) for at, text in link.settings_outside(replaced).items()}
    try:
        recipe = base.changed({**kept, **changes})
    except KDError as error:
        st.session_state["form_error"] = (told_at, error_text(error))
        return False
    st.session_state.pop("form_error", None)
    _put_differences(recipe, base)
    return True


def refusal() -> str:
    """Return why the last change was refused, or nothing."""
    return str(st.session_state.get("form_error", ("", ""))[1])


def take_over(preset: str, recipe: Recipe) -> None:
    """Set every setting as in ``recipe``; the link keeps what differs from the preset (the default, if unknown)."""
    from kd_core.recipe import PRESETS

    name = preset if preset in PRESETS else DEFAULT_PRESET
    link.put(preset=None if name == DEFAULT_PRESET else name)
    _put_differences(recipe, PRESETS[name].recipe)


def use_preset(name: str) -> None:
    """Start from a preset, with none of its settings changed."""
    link.put_settings({})
    link.put(preset=None if name == DEFAULT_PRESET else name)
    link.put(seeds=None, teacher_run=None, study=None, sample=None, epoch=None)


def _put_differences(recipe: Recipe, base: Recipe) -> None:
    different = {at: value for at, value in recipe.differences(base).items() if not _mirrored(at, recipe)}
    link.put_settings({at: format_value(value) for at, value in different.items()})


def _mirrored(path: str, recipe: Recipe) -> bool:
    """Tell whether a difference follows from the student's by itself: the dataset is the teacher's too."""
    if not path.startswith("teacher.data.source") or recipe.teacher is None:
        return False
    return recipe.teacher.data.source == recipe.data.source


def _refuse_unusable(preset: str, changes: Mapping[str, Any]) -> None:
    """Drop the changes that cannot be used, members first: their own settings come after them."""
    recipe = _recipe(preset, ())
    for path in sorted(changes, key=lambda at: at.count(".")):
        try:
            recipe = recipe.changed({path: changes[path]})
        except KDError as error:
            link.refuse(path, error_text(error))
