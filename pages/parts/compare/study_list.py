"""The list of studies: what was trained, how it went, and which of them the reader has picked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd
import streamlit as st

from kd_core.errors import RunUnknown
from kd_core.results import arm_results, finished_members, is_taught, mean_sd, race_verdict
from kd_core.store import StudyRow
from kd_core.vocabulary import ARMS
from pages.parts.app import in_class, link, store
from pages.parts.studies import choose_whose, differing, listed, study_title, whose_text
from pages.parts.text import (
    MISSING,
    bytes_text,
    escape_markdown,
    seconds_text,
    signed_text,
    spread_text,
    t,
)
from pages.parts.watch import pulses, redraw_fragment

PAGE = 50
LOOK_SECONDS = 1.0
DRAWN = "study_rows_drawn"
"""The session's key of what the living studies of the list were when it was drawn."""


def study_list() -> list[StudyRow]:
    """Show a page of the list, newest first, and return the studies that are picked, in the list's order.

    While one of them waits or trains, it is looked once a second whether the list has changed.
    """
    choose_whose()
    offset = PAGE * (_page_number() - 1)
    rows = listed(PAGE, offset)
    if not rows:
        return picked()
    statuses = {row.id: row.status for row in rows}
    st.fragment(_rows, key="study_rows_live")(offset, statuses)
    alive = [row.id for row in rows if row.alive]
    if alive:
        st.session_state[DRAWN] = [pulses.pulse(study) for study in alive]
        st.fragment(_look, run_every=LOOK_SECONDS)(alive)
    _pages(offset, len(rows))
    return picked()


def picked() -> list[StudyRow]:
    """Return the studies that the link names for comparison; those that are gone are told and dropped."""
    rows, gone = [], []
    for study in _named_in_link():
        try:
            rows.append(store().studies.get(study))
        except RunUnknown:
            gone.append(study)
    if gone:
        pick([row.id for row in rows])
        st.warning(escape_markdown(t("link.no_study", study=", ".join(gone))))
    return sorted(rows, key=lambda row: -row.number)


def pick(studies: list[str]) -> None:
    """Keep in the link which studies are picked; a single one is what the other pages show too."""
    link.put(studies=",".join(studies), **({"study": studies[0]} if len(studies) == 1 else {}))
    if not studies:
        link.put(study=None)


def short_label(row: StudyRow) -> str:
    """Return a study's number and name, or its preset's with what it changes there."""
    return f"#{row.number} {_named(row)}"


def facts(row: StudyRow) -> dict[str, Any]:
    """Return what the list tells of a study; of one that has ended it is computed once."""
    if row.alive:
        return _facts(row.id)
    return _settled_facts(str(store().home), row.id, row.status, row.finished or 0.0)


@lru_cache(maxsize=2000)
def _settled_facts(home: str, study: str, status: str, ended: float) -> dict[str, Any]:
    return _facts(study)


def _facts(study: str) -> dict[str, Any]:
    places = finished_members(store(), study)
    runs = store().studies.runs_of(study)
    row = store().studies.get(study)
    race = row.kind == "race"  # a sweep's cells and a method race's techniques differ on purpose
    judged = race_verdict(places) if race else None
    arms = arm_results(places) if race else {}
    return {
        "accuracy": {arm: s.values for arm in arms if (s := arms[arm].measures["accuracy"])},
        "verdict": judged and {"outcome": judged.outcome, "pp": judged.difference_pp, "taught": is_taught(row)},
        "seconds": sum(run.seconds for run in {run.id: run for run in runs.values()}.values()),
        "bytes": sum(store().files.size(run) for run in {run.id for run in runs.values()}),
    }


def _rows(offset: int, statuses: Mapping[str, str]) -> None:
    """Draw the table; a change of who is there, of a status or of what is picked runs the whole page again."""
    rows = listed(PAGE, offset)
    if {row.id: row.status for row in rows} != statuses or st.session_state.pop("study_rows_picked", False):
        st.rerun()
    ids = [row.id for row in rows]
    # A selection is kept by row number: a table of other studies must not inherit it.
    key = f"study_rows_{hashlib.sha256(','.join(ids).encode()).hexdigest()[:8]}"
    if key not in st.session_state:  # at first what the link says; from then on the table knows for itself
        st.session_state["study_rows_first"] = [ids.index(study) for study in _named_in_link() if study in ids]
    with st.container(key="study_list"):
        st.dataframe(
            _table(rows),
            key=key,
            hide_index=True,
            placeholder=MISSING,
            on_select=lambda: _select(key, ids),
            selection_mode="multi-row",
            selection_default={"selection": {"rows": st.session_state["study_rows_first"]}},
            column_config=_columns(),
            alt=t("compare.list_alt", n=len(rows)),
        )


def _look(alive: list[str]) -> None:
    """Have the list drawn when a living study has changed, and the page when there is another one."""
    now = [pulses.pulse(study) for study in alive]
    newest = next(iter(listed(1)), None)
    if newest is not None and newest.alive and newest.id not in alive:
        st.rerun()
    if now != st.session_state.get(DRAWN):
        st.session_state[DRAWN] = now
        redraw_fragment("study_rows_live")


def _select(key: str, ids: list[str]) -> None:
    """Keep what was picked by id, as the table was when it was clicked; what other pages of it have picked stays."""
    rows = st.session_state[key]["selection"]["rows"]
    elsewhere = [study for study in _named_in_link() if study not in ids]
    pick(elsewhere + [ids[row] for row in rows if row < len(ids)])
    st.session_state["study_rows_picked"] = True


def _named_in_link() -> list[str]:
    return [study for study in (link.get("studies") or link.get("study")).split(",") if study]


def _table(rows: Sequence[StudyRow]) -> pd.DataFrame:
    """Return a line a study; in a class with whose it is."""
    owners = store().owners.of_all([row.id for row in rows]) if in_class() else {}
    return pd.DataFrame([_row(row, owners.get(row.id)) for row in rows])


def _row(row: StudyRow, owners: frozenset[str] | None) -> dict[str, Any]:
    outcome = facts(row)
    measured = outcome["accuracy"]
    accuracy = {arm: spread_text(mean_sd(measured[arm]) if arm in measured else None) for arm in ARMS}
    return {
        "number": row.number,
        "name": _named(row),
        "status": _status(row),
        **({} if owners is None else {"whose": whose_text(owners)}),
        "seeds": row.seeds,
        **accuracy,
        "verdict": _verdict(outcome["verdict"]),
        "seconds": seconds_text(outcome["seconds"]),
        "bytes": bytes_text(outcome["bytes"]),
        "keep": row.keep,
        "preset": row.preset,
        "created": pd.Timestamp(row.created, unit="s", tz="UTC"),
        "note": " ".join(row.note.split())[:200],
    }


def _columns() -> dict[str, Any]:
    columns: dict[str, Any] = {
        name: t(f"compare.column_{name}") for name in ("name", "whose", "verdict", "preset", "note")
    }
    columns["status"] = st.column_config.TextColumn(t("compare.column_status"), width=110)
    for arm in ARMS:
        columns[arm] = st.column_config.TextColumn(t(f"roles.{arm}"), help=t("compare.accuracy_help"))
    columns["number"] = st.column_config.NumberColumn("#", width=40)
    columns["seeds"] = st.column_config.NumberColumn(t("compare.column_seeds"), width=60)
    columns["seconds"] = st.column_config.TextColumn(t("compare.column_seconds"), help=t("compare.seconds_help"))
    columns["bytes"] = st.column_config.TextColumn(t("compare.column_bytes"), help=t("compare.bytes_help"))
    columns["keep"] = st.column_config.CheckboxColumn(t("compare.column_keep"), help=t("compare.keep_help"), width=60)
    columns["created"] = st.column_config.DatetimeColumn(
        t("compare.column_created"), format="YYYY-MM-DD HH:mm", timezone=_timezone()
    )
    return columns


def _timezone() -> str:
    return st.context.timezone or "UTC"


def _named(row: StudyRow) -> str:
    return row.name or " · ".join([study_title(row), *differing(row)]) or row.id


def _status(row: StudyRow) -> str:
    if row.status == "queued":
        place = pulses.queue_places().get(row.id)
        return t("compare.waiting", ahead=place.ahead) if place and place.ahead else t("compare.waiting_next")
    return t(f"status.{row.status}")


def _verdict(judged: dict[str, Any] | None) -> str:
    if judged is None:
        return MISSING
    outcome = judged["outcome"].replace(" ", "_")
    other = "other_" if not judged["taught"] and outcome in ("better", "worse") else ""
    return f"{signed_text(judged['pp'], 1)} · {t(f'compare.outcome_{other}{outcome}')}"


def _page_number() -> int:
    return max(1, int(st.session_state.get("study_page", 1)))


def _pages(offset: int, shown: int) -> None:
    more = bool(listed(1, offset + PAGE)) if shown == PAGE else False
    if offset or more:
        st.number_input(t("compare.page"), 1, _page_number() + more, key="study_page", width=160)


def is_empty() -> bool:
    """Tell whether the list has no study at all."""
    return not listed(1)


def empty_text() -> str:
    """Return why it has none: nobody trained anything, or this visitor did not."""
    return t("compare.none_of_yours" if store().studies.list(limit=1) else "compare.empty")
