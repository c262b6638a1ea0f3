"""The panel of a protocol: what it tells beside the curves of its student, drawn live and afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from kd_core.results import Cell, recipe_of
from kd_core.store import EpochRow, MemberRow, RunRow, StudyRow
from pages.parts import (
    protocol_chain,
    protocol_cross_modal,
    protocol_data_free,
    protocol_federated,
    protocol_multi_task,
    protocol_mutual,
    protocol_several_teachers,
)
from pages.parts.protocol_choice import is_other
from pages.parts.protocol_panel import Panel
from pages.parts.texts import t

PANELS: Final[Mapping[str, Callable[[Panel], None]]] = {
    "chain": protocol_chain.panel,
    "cross_modal": protocol_cross_modal.panel,
    "data_free": protocol_data_free.panel,
    "federated": protocol_federated.panel,
    "multi_task": protocol_multi_task.panel,
    "mutual": protocol_mutual.panel,
    "several_teachers": protocol_several_teachers.panel,
}


def protocol_view(
    row: StudyRow,
    cell: Cell | None,
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
