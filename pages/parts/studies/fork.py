"""Going on from mid-run: the race that is looked at ends, and one with the form's settings goes on from there."""

from __future__ import annotations

import json
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from kd_core import jobs
from kd_core.errors import KDError
from kd_core.settings import lane_fields
from kd_core.store import StudyRow
from kd_core.visitors import may_change
from kd_core.vocabulary import RESUMABLE
from pages.parts.app import data_root, link, refuse, start_rules, store, visitor
from pages.parts.form import state
from pages.parts.studies.labels import moved_text
from pages.parts.text import axis_words, error_text, escape_markdown, t

if TYPE_CHECKING:
    from kd_core.recipe import Recipe, Study

KEY = "race_fork"
PRESSED = f"{KEY}_pressed"


def fork_offer(now: StudyRow | None) -> None:
    """Offer to go on with the form's settings where a race trains or stands, and only what can move was moved.

    A press is remembered until this line is reached, as with Start.

    Args:
        now: the study that is looked at.
    """
    pressed = st.session_state.pop(PRESSED, False)
    if now is None or not _can_be_left(now) or not may_change(store(), now.id, visitor()):
        return
    epoch = jobs.epoch_reached(store(), now.id)
    moved, fixed = _differences(now)
    if not moved or (not now.alive and not epoch):
        return
    if fixed:
        titles = ", ".join(axis_words(state.current(), path).title for path in fixed)
        st.caption(escape_markdown(t("fork.also_changed", settings=titles)))
        return
    try:
        _leaving(now, moved, max(1, epoch))
    except KDError as error:
        st.caption(escape_markdown(error_text(error)))
        return
    label = t("fork.button") if now.alive else t("fork.button_at", epoch=epoch)
    st.button(label, key=KEY, width="stretch", on_click=_press)
    told = "fork.trains" if now.alive else "fork.stands"
    st.caption(escape_markdown(t(told, number=now.number, moved=_moved_text(now, moved))))
    if pressed:
        _fork(now, moved)


def as_asked(row: StudyRow) -> bool:
    """Tell whether the form asks for just what a race was asked for, what it was before a fork left aside."""
    return row.seeds == state.seeds() and _differences(row) == ({}, ())


def _press() -> None:
    st.session_state[PRESSED] = True


def _can_be_left(row: StudyRow) -> bool:
    return row.kind == "race" and (row.status == "running" or row.status in RESUMABLE)


def _differences(row: StudyRow) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what the form changes in a race's distilled student: by path what can move, and what cannot."""
    try:
        wanted = next(member.recipe for member in state.race().members if member.arm == "distilled")
    except (KDError, StopIteration):
        return {}, ()
    changes = wanted.differences(_asked(row.id).model_copy(update={"fork": None}))
    movable = {f"method.{name}" for name in lane_fields(type(wanted.method))}
    moved = {path: value for path, value in changes.items() if path in movable}
    return moved, tuple(path for path in changes if path not in movable)


@lru_cache(maxsize=64)
def _asked(study: str) -> Recipe:
    """What a study was asked for never changes."""
    from kd_core.recipe import Recipe

    members = store().studies.get(study).spec["members"]
    return Recipe.from_json(next(member["recipe"] for member in members if member["arm"] == "distilled"))


def _moved_text(row: StudyRow, moved: dict[str, Any]) -> str:
    recipe = _asked(row.id).to_json()
    before = {path: recipe["method"][path.removeprefix("method.")] for path in moved}
    return moved_text({path: (before[path], value) for path, value in moved.items()}, recipe)


def _leaving(row: StudyRow, moved: dict[str, Any], epoch: int) -> Study:
    return _study_leaving(row.id, json.dumps(moved, sort_keys=True), epoch)


@lru_cache(maxsize=32)
def _study_leaving(study: str, moved: str, epoch: int) -> Study:
    from kd_core.recipe import Study

    return Study.from_json(store().studies.get(study).spec).forked(epoch, json.loads(moved))


def _fork(row: StudyRow, moved: dict[str, Any]) -> None:
    """End the race where it stands, queue the one that goes on, and look at that; or say why it cannot be."""
    how: dict[str, Any] = {"name": row.name, "device": row.device, "precision": row.precision}
    try:
        with st.spinner(t("fork.ending")):
            make = partial(_leaving, row, moved)
            child = jobs.fork(
                store(), row.id, make, data_root=data_root(), estimate=row.estimate, **how, **start_rules()
            )
    except KDError as error:
        refuse(error_text(error))
        st.rerun()
    link.put(study=child, cell=None, epoch=None)
    st.rerun()
