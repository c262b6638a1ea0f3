"""Fit: which stored studies answer what the form asks, and which of a visitor's own a page shows by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from kd_core.results import nearest_cell
from kd_core.settings import json_at_path
from kd_core.store import StudyRow
from kd_core.vocabulary import ALIVE
from pages.parts.app import engine_is_warm, store, visitor
from pages.parts.form import state

LATEST = 30
"""How many of a visitor's newest studies are looked through."""


def own_study(kind: str) -> StudyRow | None:
    """Return the visitor's own study that a page shows when its link names none.

    That is one that is alive, else the newest that fits the form exactly; never somebody else's.

    Args:
        kind: of study that the page shows.
    """
    own = visitor().own
    alive = store().studies.list(status=ALIVE, limit=1, kind=kind, owners=own)
    if alive or not engine_is_warm():
        return next(iter(alive), None)
    if kind == "race":
        fitting = store().studies.list(status=("done",), limit=1, owners=own, fingerprint=state.race_fingerprint())
        return next(iter(fitting), None)
    recipe = state.current()
    if kind == "compare":
        asked = recipe.offline().to_json()
        return next((row for row in own_studies(kind) if row.spec["base"] == asked), None)
    return next((row for row in own_studies(kind) if fits_outside_its_axes(row, recipe.to_json())), None)


def own_studies(kind: str) -> list[StudyRow]:
    """Return a visitor's newest studies of a kind."""
    return [*store().studies.list(limit=LATEST, kind=kind, owners=visitor().own)]


def nearest_of(recipe: Mapping[str, Any], sweeps: Iterable[StudyRow]) -> Iterator[tuple[StudyRow, int, dict[str, Any]]]:
    """Yield of every sweep that differs from a recipe on its own axes only: it, its nearest cell, and what was asked.

    Args:
        recipe: the form's, as JSON.
        sweeps: to look through, the preferred one first; studies of other kinds are passed over.
    """
    for row in sweeps:
        if has_cells(row) and fits_outside_its_axes(row, recipe):
            axes, cells = row.spec["axes"], row.spec["cells"]
            asked = {path: json_at_path(recipe, path) for path in axes}
            number = nearest_cell(axes, cells, asked)
            yield row, number, {} if asked == cells[number] else asked


def has_cells(row: StudyRow) -> bool:
    """Tell whether a study is a sweep whose cells can be looked at one by one."""
    return row.kind == "sweep" and bool(row.spec.get("cells"))


def fits_outside_its_axes(row: StudyRow, recipe: Mapping[str, Any]) -> bool:
    """Tell whether a sweep has begun, and differs from a recipe, given as JSON, on its own axes only."""
    if not row.spec.get("base") or row.status == "queued" or row.spec.get("one_teacher"):
        return False
    rest = outside(recipe, row.spec["axes"])
    return bool(rest) and rest == _outside_of(row.id, tuple(row.spec["axes"]))


def outside(recipe: Mapping[str, Any], paths: Iterable[str]) -> str:
    """Return what a recipe's JSON has beside some paths, as text that is equal for equal values.

    Of ``width``, one number for all layers, their number is beside it; where layers differ in width there is no such
    number, and nothing is returned.
    """
    copied: dict[str, Any] = json.loads(json.dumps(recipe))
    for path in paths:
        *parents, leaf = path.split(".")
        part: Any = copied
        for name in parents:
            part = part.get(name) if isinstance(part, dict) else None
        if isinstance(part, dict) and leaf == "width" and "widths" in part:
            if len(set(part["widths"])) > 1:
                return ""
            part["widths"] = len(part["widths"])
        elif isinstance(part, dict):
            part.pop(leaf, None)
    return json.dumps(copied, sort_keys=True)


@lru_cache(maxsize=200)
def _outside_of(study: str, axes: tuple[str, ...]) -> str:
    """What a study was asked for never changes."""
    return outside(store().studies.get(study).spec["base"], axes)
