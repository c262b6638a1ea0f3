"""The section below a finished study: what may be amiss, the likeliest cause first."""

from __future__ import annotations

import json
from typing import Any, Final

import streamlit as st

from kd_core.doctor import Finding, diagnose_study
from kd_core.errors import KDError
from kd_core.results import CellValues, finished_members, race_verdict
from kd_core.store import StudyRow
from kd_core.vocabulary import TECHNIQUE_KEY
from pages.parts.app import error_boundary, show_refused, store
from pages.parts.doctor.evidence import show_evidence
from pages.parts.doctor.experiment import experiment
from pages.parts.studies import technique_title
from pages.parts.text import error_text, escape_markdown, reason_text, t

MOST_NAMED: Final = 5
"""So many techniques are named in which a cause was found; of more only the number is told."""
TITLES: Final = {"worse": "worse", "no difference detected": "none", "better": "better", "one seed": "one_seed"}


def doctor_section(row: StudyRow, cell: CellValues | None = None) -> None:
    """Draw the section, folded, below a study that has come to its end; nothing below one that lives.

    Args:
        row: a race, a sweep or a method race.
        cell: the values of the one cell that is looked at, by path; None for a study as a whole.
    """
    if row.status == "done":
        st.fragment(_section, key="doctor_section")(row, cell)


def _section(row: StudyRow, cell: CellValues | None) -> None:
    fold = st.expander(title(row, cell), key="doctor", on_change="rerun")
    if fold.open:  # what is folded costs nothing
        with fold, error_boundary():
            _findings(row, cell)


def title(row: StudyRow, cell: CellValues | None) -> str:
    """Return the question that the section answers: it depends on the verdict."""
    if row.kind == "compare" and cell is None:
        return t("doctor.title_techniques")
    outcome = _outcome(str(store().home), row.id, row.finished, _key(cell), cell)
    return t(f"doctor.title_{TITLES.get(outcome, 'one_seed')}")


def _findings(row: StudyRow, cell: CellValues | None) -> None:
    try:
        findings = _diagnosis(str(store().home), row.id, row.finished, _key(cell), cell)
    except KDError as error:
        st.caption(escape_markdown(error_text(error)))
        return
    show_refused()
    if not findings:
        st.markdown(t("doctor.nothing"))
    else:
        st.caption(t("doctor.order"))
    for place, finding in enumerate(findings):
        with st.container(border=True, key=f"doctor_{finding.cause}"):
            _finding(row, cell, finding, place)
    st.caption(t("doctor.looked_at"))


def _finding(row: StudyRow, cell: CellValues | None, finding: Finding, place: int) -> None:
    st.markdown(f"**{place + 1} · {t(f'doctor.cause.{finding.cause}')}**")
    st.markdown(escape_markdown(reason_text(finding.sentence)))
    if finding.cells:
        st.caption(escape_markdown(_where(row, finding)))
    show_evidence(finding.evidence, row.seeds, f"doctor_{finding.cause}")
    st.caption(f"**{t('doctor.literature_says')}** {t(f'doctor.literature.{finding.cause}')}")
    experiment(row, cell, finding)


def _where(row: StudyRow, finding: Finding) -> str:
    """Return in which techniques of a method race a cause was found; the first is the one that is described."""
    names = [technique_title(cell[TECHNIQUE_KEY]) for cell in finding.cells if TECHNIQUE_KEY in cell]
    facts = {"first": names[0] if names else "", "n": len(finding.cells), "all": len(row.spec["cells"])}
    if 1 < len(names) <= MOST_NAMED:
        return t("doctor.found_in", names=t("method_race.comma").join(names), **facts)
    return t("doctor.found_in_many" if len(names) > 1 else "doctor.found_in_one", **facts)


@st.cache_data(max_entries=64, show_spinner=False)
def _diagnosis(home: str, study: str, finished: float | None, key: str, _cell: CellValues | None) -> list[Finding]:
    """A finished study is looked into once for everybody; one that is resumed is finished anew."""
    return diagnose_study(store(), study, _cell)


@st.cache_data(max_entries=200, show_spinner=False)
def _outcome(home: str, study: str, finished: float | None, key: str, _cell: CellValues | None) -> str:
    verdict = race_verdict(finished_members(store(), study, _cell))
    return "" if verdict is None else verdict.outcome


def _key(cell: CellValues | None) -> str:
    values: Any = None if cell is None else dict(cell)
    return json.dumps(values, sort_keys=True, default=str)
