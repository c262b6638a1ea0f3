"""One trio of a study of many, and the way to the page that shows the study as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import streamlit as st

from kd_core.errors import RunUnknown
from kd_core.store import StudyRow
from kd_core.vocabulary import TECHNIQUE_KEY
from pages.parts.app import engine_is_warm, link, require_engine, store
from pages.parts.studies import Selection, axes_of, current_study, listed_label, technique_title
from pages.parts.text import escape_markdown, t, value_text

PAGE_OF: Final[Mapping[str, str]] = {"race": "race", "sweep": "sweep", "compare": "method_race"}
"""Which page shows a kind of study as a whole."""


def one_trio(row: StudyRow | None, *kinds: str) -> dict[str, Any] | None:
    """Let the reader choose one trio of a study of many, and return its values by path; None where there is no choice.

    Args:
        row: the study; None stands for the recorded race.
        kinds: those that have the choice, "sweep" and "compare".
    """
    if row is None or row.kind not in kinds or not row.spec.get("cells"):
        return None
    return dict(row.spec["cells"][_choose_cell(row)])


def one_of(shown: Selection) -> Selection:
    """Return what is looked at; of a method race the one technique that the reader chooses."""
    return shown if shown.row.kind != "compare" else replace(shown, cell=_choose_cell(shown.row))


def say_shown_elsewhere(kind: str) -> None:
    """Say on a page of one kind of study that the study in the link is of another one, and lead to its own page."""
    try:
        row = store().studies.get(link.get("study")) if link.get("study") else None
    except RunUnknown:  # whoever looks for it tells that it is gone
        return
    if row is not None and row.kind != kind:
        with st.container(key="shown_elsewhere", horizontal=True, vertical_alignment="center"):
            facts = {"study": escape_markdown(listed_label(row)), "kind": t(f"study.kind_{row.kind}")}
            st.caption(t(f"study.not_{kind}", **facts), width="content")
            to_own_page(row)


def study_of_page(kind: str) -> StudyRow | None:
    """Draw what stands above a page of one kind of study, and return the study that it shows.

    It is always one place: fragments below keep theirs, and what is pressed meanwhile reaches them.
    """
    with st.container():
        say_shown_elsewhere(kind)
        study = current_study(kind)
        if study is None:
            st.markdown(t(f"{PAGE_OF[kind]}.lead"))
        else:
            require_engine(PAGE_OF[kind])
    return study


def to_own_page(row: StudyRow) -> None:
    """Offer the page that shows a study as a whole."""
    page = PAGE_OF[row.kind]
    words = t("study.to_own_page", number=row.number, page=t(f"nav.{page}"))
    if st.button(words, key=f"to_own_page_{row.id}", type="tertiary"):
        link.put(study=row.id, cell=None)
        st.switch_page(f"pages/{page}.py")


def _choose_cell(row: StudyRow) -> int:
    cells = row.spec["cells"]
    key = f"one_trio_{row.id}"
    st.session_state[key] = int(link.number("cell", 0, 0, len(cells) - 1))
    st.caption(t(f"study.one_of_{row.kind}", n=len(cells)))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number: int = st.selectbox(
            t(f"study.which_{row.kind}"),
            range(len(cells)),
            format_func=lambda number: f"{number + 1}. {_written(row, cells[number])}",
            key=key,
            on_change=lambda: link.put(cell=st.session_state[key], epoch=None),
            width=360,
        )
        to_own_page(row)
    return number


def _written(row: StudyRow, cell: Mapping[str, Any]) -> str:
    if TECHNIQUE_KEY in cell:
        return technique_title(cell[TECHNIQUE_KEY])
    titles = {path: words.title for path, words in axes_of(row).items()} if engine_is_warm() else {}
    return " · ".join(f"{titles.get(path, path)} {value_text(value)}" for path, value in cell.items())
