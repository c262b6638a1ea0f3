"""The button that gives a study's report."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode, urlsplit

import streamlit as st

from kd_core.doctor import diagnose_study
from kd_core.errors import KDError
from kd_core.results import CellValues
from kd_core.store import StudyRow
from pages.parts.app import engine_ready, link, store
from pages.parts.report.studies import study_report
from pages.parts.text import language, reason_text, speaking, t


def report_button(row: StudyRow, cell: CellValues | None = None, number: int | None = None) -> None:
    """Offer the report of a study, or of a sweep's cell; it is made when somebody asks for it.

    Args:
        row: the study.
        cell: of a sweep, the values of the cell that is meant.
        number: of that cell.
    """
    engine_ready()  # the command line is written by the engine; the first question warms it up
    st.download_button(
        t("report.button"),
        partial(_written, row.id, cell, study_link(row, number), language()),
        file_name=f"report_{row.id}.html",
        mime="text/html",
        key="study_report",
        on_click="ignore",
        help=t("report.button_help"),
    )


def _written(study: str, cell: CellValues | None, link: str, language: str) -> str:
    """Return the report as it is when somebody fetches it, which happens outside of their session."""
    with speaking(language):
        findings = what_may_be_wrong(study, cell)
        return study_report(store(), store().studies.get(study), cell=cell, link=link, findings=findings)


def what_may_be_wrong(study: str, cell: CellValues | None) -> list[str] | None:
    """Return the doctor's findings in sentences, the likeliest first; None of a study that cannot be looked into."""
    try:
        findings = diagnose_study(store(), study, cell)
    except KDError:
        return None
    return [
        f"{t(f'doctor.cause.{finding.cause}')}: {reason_text(finding.sentence)} "
        f"{t('doctor.literature_says')} {t(f'doctor.literature.{finding.cause}')}"
        for finding in findings
    ]


def study_link(row: StudyRow, cell: int | None = None) -> str:
    """Return the address of the page that shows a study."""
    page = {"sweep": "sweep", "compare": "method_race"}.get(row.kind, "") if cell is None else ""
    parts = {"v": link.VERSION, "study": row.id, **({} if cell is None else {"cell": str(cell)})}
    here = urlsplit(st.context.url or "")
    base = f"{here.scheme}://{here.netloc}" if here.netloc else ""
    return f"{base}/{page}?{urlencode(parts)}"
