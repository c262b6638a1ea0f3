"""The nearest student: once a sweep is trained for the settings in the form, moving one shows a trained student."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from kd_core.errors import KDError
from kd_core.settings import name_of
from kd_core.store import StudyRow
from pages.parts.app import engine_is_warm, link, store
from pages.parts.form import setting_field, state
from pages.parts.studies.fit import has_cells, nearest_of, own_studies
from pages.parts.studies.labels import axes_of
from pages.parts.studies.selection import Selection, cell_in_link
from pages.parts.text import error_text, escape_markdown, t, value_text

if TYPE_CHECKING:
    from kd_core.recipe import Recipe

LOOKED_AT = "nearest_student"
"""The session's key of what was looked at last: study, cell, and the form's settings when it came into sight."""


def find(study: StudyRow | None) -> Selection | None:
    """Return what the Race page looks at, without changing anything.

    That is the study in the link, until the form is changed: then the nearest student of a map for these settings,
    where there is one.

    Args:
        study: the one in the link, or the visitor's own (``current_study``).
    """
    if study is not None and (not engine_is_warm() or (study.kind == "race" and study.alive)):
        return _itself(study)
    if not engine_is_warm():
        return None
    if study is not None and not has_cells(study) and not _form_changed(study):
        return _itself(study)
    return _rather_exact(beside(study), state.current())


def _rather_exact(selection: Selection | None, recipe: Recipe) -> Selection | None:
    """Return a race of exactly this recipe instead of a cell that is only near it; else what was given.

    Args:
        selection: the nearest there is.
        recipe: the form's.
    """
    if selection is None or not selection.asked:
        return selection
    wanted = _student(json.dumps(recipe.to_json()))
    races = (row for row in own_studies("race") if row.status == "done")
    found = next((row for row in races if _student_of(row.id) == wanted), None)
    return selection if found is None else Selection(found)


@lru_cache(maxsize=500)
def _student_of(study: str) -> str:
    """What a study was asked for never changes."""
    asked = store().studies.get(study).spec["members"]
    students = (member for member in asked if member["arm"] == "distilled" and member["seed"] == 0)
    first = next(students, None)
    return "" if first is None else json.dumps(first["recipe"], sort_keys=True)


@lru_cache(maxsize=64)
def _student(recipe: str) -> str:
    """Return the recipe, as JSON, that a race of it gives to its distilled student of seed 0."""
    from kd_core.recipe import Recipe, Study

    members = Study.race(Recipe.from_json(json.loads(recipe))).members
    student = next(member for member in members if member.arm == "distilled")
    return json.dumps(student.to_json()["recipe"], sort_keys=True)


def beside(study: StudyRow | None) -> Selection | None:
    """Return the cell nearest to the form: of a sweep, or of the visitor's newest that fits; else the study itself."""
    if not engine_is_warm():
        return _itself(study)
    if state.earlier_teacher():  # a sweep trains teachers of its own
        return _itself(study)
    sweeps = [*([study] if study else []), *own_studies("sweep")]
    nearest = (Selection(*cell) for cell in nearest_of(state.current().to_json(), sweeps))
    # Where nothing was chosen, only a cell that is exactly what the form asks for stands in for the introduction.
    shown = (cell for cell in nearest if (study is not None or not cell.asked) and _has_begun(cell.row))
    return next(shown, _itself(study))


def follow(selection: Selection | None) -> None:
    """Keep in the link what the page looks at, once it is known."""
    if selection is None:
        return
    row, cell = selection.row, selection.cell
    if cell is not None and engine_is_warm():
        link.put(study=row.id, cell=cell)
    if row.kind == "race" and row.alive:  # a form that is moved meanwhile is for the next race: this one stays in sight
        return
    if _looked_at().get("study") != row.id:
        st.session_state[LOOKED_AT] = {"study": row.id, "form": _form()}
    st.session_state[LOOKED_AT]["cell"] = str(cell)


def question() -> str:
    """Return what of the link decides which networks are shown, as text: while it is the same, so are they."""
    return json.dumps([link.settings(), *map(link.get, ("preset", "teacher_run", "study", "cell"))])


def take_over_opened_cell(study: StudyRow | None) -> None:
    """Set the form to the settings of a cell that was just opened, on the map or by a link."""
    if study is None or not has_cells(study) or not engine_is_warm() or not link.get("cell"):
        return
    seen = _looked_at()
    if (seen.get("study"), seen.get("cell")) == (study.id, link.get("cell")):
        return
    from kd_core.recipe import Recipe

    try:
        cell = study.spec["cells"][cell_in_link(study)]
        state.take_over(study.preset, Recipe.from_json(study.spec["base"]).changed(cell))
    except KDError as error:  # a sweep of an earlier version, with settings that are no more
        link.refuse("cell", error_text(error))


def note(selection: Selection) -> None:
    """Say that a student is one of a map, and which settings were asked for where it is only the nearest."""
    row, asked = selection.row, selection.asked
    if selection.cell is None or not engine_is_warm():
        return
    facts = {"cell": _written(row, selection.values or {}), "n": len(row.spec["cells"]), "seeds": row.seeds}
    text = t("living.nearest", asked=_written(row, asked), **facts) if asked else t("living.cell", **facts)
    pooled = f" {t('living.pooled', seeds=row.seeds)}" if row.seeds > 1 else ""
    with st.container(key="living_map"):
        st.caption(escape_markdown(text + pooled))
        st.page_link("pages/sweep.py", label=t("living.to_map"))


def on_side(study: StudyRow | None) -> dict[str, Any] | None:
    """Draw training temperature and weight beside a sweep, and return the cell that they ask for; else None."""
    if study is None or not has_cells(study):
        return None
    take_over_opened_cell(study)
    selection = beside(study)
    follow(selection)
    if selection is None or not engine_is_warm():
        return None if selection is None else selection.values
    st.markdown(f"**{t('living.training')}**")
    method = state.current().method
    words = f"methods.{name_of(method)}"
    if "method.temperature" in selection.row.spec["axes"]:
        setting_field(method, "temperature", "method.temperature", words)
    if "method.teacher_weight" in selection.row.spec["axes"]:
        setting_field(method, "teacher_weight", "method.teacher_weight", words)
    note(selection)
    return selection.values


def key_of(selection: Selection | None) -> str:
    """Return a text that is equal as long as the same networks are shown."""
    return "" if selection is None else f"{selection.row.id}/{selection.cell}/{sorted(selection.asked.items())}"


def _itself(study: StudyRow | None) -> Selection | None:
    if study is None:
        return None
    return Selection(study, cell_in_link(study) if has_cells(study) else None)


def _has_begun(row: StudyRow) -> bool:
    """Tell whether a sweep has something to show; only one that came to no good end has to be asked."""
    return row.status == "done" or any(member.run for member in store().studies.members(row.id))


def _looked_at() -> dict[str, Any]:
    seen: dict[str, Any] = st.session_state.get(LOOKED_AT, {})
    return seen


def _form() -> dict[str, str]:
    return link.settings() | {"preset": link.get("preset")}


def _form_changed(study: StudyRow) -> bool:
    """Tell whether a setting was moved since this study came into sight."""
    seen = _looked_at()
    return seen.get("study") == study.id and seen["form"] != _form()


def _written(row: StudyRow, values: Mapping[str, Any]) -> str:
    axes = axes_of(row)
    return " · ".join(f"{axes[path].title} {value_text(value)}" for path, value in values.items())
