"""The panel below a race that shows what its protocol tells, found by the protocol's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from kd_core.results import CellValues, recipe_of
from kd_core.store import EpochRow, MemberRow, RunRow, StudyRow
from pages.parts.form import is_other
from pages.parts.protocol_panels import chain, cross_modal, data_free, federated, multi_task, mutual, several_teachers
from pages.parts.protocol_panels.base import Panel
from pages.parts.text import t

PANELS: Final[Mapping[str, Callable[[Panel], None]]] = {
    "chain": chain.panel,
    "cross_modal": cross_modal.panel,
    "data_free": data_free.panel,
    "federated": federated.panel,
    "multi_task": multi_task.panel,
    "mutual": mutual.panel,
    "several_teachers": several_teachers.panel,
}


def protocol_view(
    row: StudyRow,
    cell: CellValues | None,
    members: Sequence[MemberRow],
    runs: Mapping[int, RunRow],
    rows: Sequence[EpochRow],
) -> None:
    """Show what a race's protocol tells, where it is another one than one fixed teacher."""
    recipe = _distilled(row, members, runs)
    if not is_other(recipe["protocol"]):
        return
    name = recipe["protocol"]["name"]
    panel = Panel(row.id, cell, recipe, members, runs, rows, row.alive)
    with st.container(key="protocol_view"):
        st.header(t(f"protocol_view.title_{name}"), anchor="protocol")
        PANELS[name](panel)


def _distilled(row: StudyRow, members: Sequence[MemberRow], runs: Mapping[int, RunRow]) -> Mapping[str, Any]:
    begun = (runs[m.position].recipe for m in members if m.arm == "distilled" and m.position in runs)
    return next(begun, recipe_of(row))
