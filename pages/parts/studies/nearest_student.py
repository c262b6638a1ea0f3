"""The living map: once a sweep is trained for the settings in the form, moving one shows a trained student at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from kd_core.errors import KDError
from kd_core.settings import name_of
from kd_core.store import StudyRow
from pages.parts.app import engine_is_warm, link, store
from pages.parts.form import setting_field, state
from pages.parts.studies.selection import Selection, cell_in_link, current_study
from pages.parts.text import axis_words, error_text, escape_markdown, t, value_text

if TYPE_CHECKING:
    from kd_core.recipe import Recipe

from kd_core.results import nearest_cell

LATEST = 30
"""How many of the newest sweeps are looked through."""


def shown() -> Selection | None:
    """Return what the Race page looks at.

    That is the study in the link, until the form is changed: then the nearest student of a map for these settings,
    where there is one. A cell that is opened, on the map or by a link, sets the form to its own settings first.
    """
    study = current_study()
    if study is not None and (not engine_is_warm() or (study.kind == "race" and study.alive)):
        return _itself(study)
    if not engine_is_warm():
        return None
    if study is not None and not _has_cells(study) and not _form_changed(study):
        return _itself(study)
    return of(study)


def of(study: StudyRow | None) -> Selection | None:
    """Return the cell nearest to the form: of a sweep, or of the newest one that fits; else the study itself."""
    if not engine_is_warm():
        return _itself(study)
    if study is not None and _has_cells(study) and _newly_opened(study):
        _take_over(study, cell_in_link(study))
    nearest = _nearest_to_form(first=study)
    if nearest is None:
        return _itself(study)
    link.put(study=nearest.row.id, cell=nearest.cell)
    st.session_state["living_cell"] = (nearest.row.id, str(nearest.cell))
    return nearest


def _itself(study: StudyRow | None) -> Selection | None:
    if study is None:
        return None
    return Selection(study, cell_in_link(study) if _has_cells(study) else None)


def _form_changed(study: StudyRow) -> bool:
    """Tell whether a setting was moved since this study came into sight."""
    now = link.settings() | {"preset": link.get("preset")}
    seen = st.session_state.get("living_form")
    if seen is None or seen[0] != study.id:
        st.session_state["living_form"] = seen = (study.id, now)
    return bool(seen[1] != now)


def note(what: Selection) -> None:
    """Say that a student is one of a map, and which settings were asked for where it is only the nearest."""
    if what.cell is None or not engine_is_warm():
        return
    facts = {"cell": _written(what.row, what.values or {}), "n": len(what.row.spec["cells"]), "seeds": what.row.seeds}
    text = (
        t("living.nearest", asked=_written(what.row, what.asked), **facts) if what.asked else t("living.cell", **facts)
    )
    pooled = f" {t('living.pooled', seeds=what.row.seeds)}" if what.row.seeds > 1 else ""
    with st.container(key="living_map"):
        st.caption(escape_markdown(text + pooled))
        st.page_link("pages/sweep.py", label=t("living.to_map"))


def on_side(study: StudyRow | None) -> dict[str, Any] | None:
    """Draw training temperature and weight beside a sweep, and return the cell that they ask for; else None."""
    what = of(study) if study is not None and _has_cells(study) else None
    if what is None or not engine_is_warm():
        return None if what is None else what.values
    st.markdown(f"**{t('living.training')}**")
    method = state.current_recipe().method
    words = f"methods.{name_of(method)}"
    if "method.temperature" in what.row.spec["axes"]:
        setting_field(method, "temperature", "method.temperature", words)
    if "method.teacher_weight" in what.row.spec["axes"]:
        setting_field(method, "teacher_weight", "method.teacher_weight", words)
    note(what)
    return what.values


def key_of(what: Selection | None) -> str:
    """Return a text that is equal as long as the same networks are shown."""
    return "" if what is None else f"{what.row.id}/{what.cell}/{sorted(what.asked.items())}"


def _has_cells(study: StudyRow) -> bool:
    return study.kind == "sweep" and bool(study.spec.get("cells"))


def _newly_opened(study: StudyRow) -> bool:
    return bool(link.get("cell")) and st.session_state.get("living_cell") != (study.id, link.get("cell"))


def _take_over(study: StudyRow, cell: int) -> None:
    from kd_core.recipe import Recipe

    try:
        state.take_over(study.preset, Recipe.from_json(study.spec["base"]).changed(study.spec["cells"][cell]))
    except KDError as error:  # a sweep of an earlier version, with settings that are no more
        link.refuse("cell", error_text(error))


def _nearest_to_form(first: StudyRow | None = None) -> Selection | None:
    """Return the nearest cell of a sweep that was trained for the form's settings, or None.

    Args:
        first: preferred, where it fits; else the newest one that does.
    """
    try:
        recipe = state.current_recipe()
        known = [*([first] if first else []), *store().studies.list(limit=LATEST)]
        for row in filter(_has_cells, known):
            if _fits(row, recipe):
                asked = {path: _at(recipe.to_json(), path) for path in row.spec["axes"]}
                number = nearest_cell(row.spec["axes"], row.spec["cells"], asked)
                exact = asked == row.spec["cells"][number]
                return Selection(row, number, {} if exact else asked)
    except KDError:  # a form that cannot be used says so itself
        return None
    return None


def _fits(row: StudyRow, recipe: Recipe) -> bool:
    """Tell whether a sweep has something to show and differs from a recipe on its own axes only."""
    if row.status == "queued" or row.spec.get("one_teacher") or state.earlier_teacher():
        return False
    base = row.spec["base"]
    try:
        same = recipe.changed({path: _at(base, path) for path in row.spec["axes"]})
    except KDError:
        return False
    return same.fingerprint() == _fingerprint(row.id) and any(one.run for one in store().studies.members(row.id))


@lru_cache(maxsize=200)
def _fingerprint(study: str) -> str:
    from kd_core.recipe import Recipe

    return Recipe.from_json(store().studies.get(study).spec["base"]).fingerprint()


def _at(recipe: Mapping[str, Any], path: str) -> Any:
    part: Any = recipe
    for name in path.split("."):
        part = part.get(name) if isinstance(part, Mapping) else None
    if part is None and path.endswith(".width"):
        widths = _at(recipe, f"{path}s")
        return widths[0] if widths else None
    return part


def _written(row: StudyRow, values: Mapping[str, Any]) -> str:
    from kd_core.recipe import Recipe

    base = Recipe.from_json(row.spec["base"])
    return " · ".join(f"{axis_words(base, path).title} {value_text(value)}" for path, value in values.items())
