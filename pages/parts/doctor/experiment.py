"""The experiment that would settle a finding: what it changes, how long it takes, and its Start."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from kd_core.doctor import SEEDS, Finding, raced_recipe, settling_seeds, settling_study
from kd_core.results import CellValues
from kd_core.settings import json_at_path
from kd_core.store import StudyRow
from pages.parts.app import engine_is_warm, link
from pages.parts.form import state
from pages.parts.studies import start_button, work_of
from pages.parts.text import about_text, escape_markdown, path_title, t, value_text

if TYPE_CHECKING:
    from kd_core.recipe import Study


def experiment(row: StudyRow, cell: CellValues | None, finding: Finding) -> None:
    """Draw what an experiment changes and its Start, or say that no setting settles it."""
    if not finding.experiment:
        st.caption(t("doctor.no_experiment"))
        return
    if not engine_is_warm():
        st.caption(t("doctor.warming_up"))
        return
    before = raced_recipe(row, finding, cell).to_json()
    st.markdown(f"**{t('doctor.experiment')}** {escape_markdown(changes_text(row.seeds, before, finding.experiment))}")
    make = partial(settling_study, row, finding, cell)
    asked = ["doctor", row.id, dict(cell or {}), dict(finding.experiment), [dict(values) for values in finding.cells]]
    work = work_of(asked, make)
    with st.container(horizontal=True, vertical_alignment="center"):
        start_button(
            t("doctor.start"),
            make,
            key=f"doctor_start_{finding.cause}",
            seconds=work.seconds if work.digest else None,
            then=partial(_look_at, row, make),
        )
        seeds = t("study.seeds", n=settling_seeds(row, finding))
        st.caption(escape_markdown(work.trouble or f"{seeds} · {about_text(work.seconds)}"), width="content")


def changes_text(seeds: int, recipe: Mapping[str, Any], experiment: Mapping[str, Any]) -> str:
    """Return what an experiment changes, each setting with its value before and after.

    Args:
        seeds: of the study that was looked at.
        recipe: its distilled student's, as JSON.
        experiment: the changes by path.
    """
    changes = []
    for path, value in experiment.items():
        now = seeds if path == SEEDS else json_at_path(recipe, path)
        if now != value:
            facts = {"setting": path_title(path, recipe), "now": _text(now), "value": _text(value)}
            changes.append(t("doctor.change", **facts))
    return t("method_race.comma").join(changes)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("name", ""))
    return "-".join(map(str, value)) if isinstance(value, list | tuple) and value else value_text(value)


def _look_at(row: StudyRow, make: partial[Study]) -> None:
    """Open the page of the study that was started, with its settings in the form."""
    study = make()
    recipe = study.base if study.base is not None else _student(study)
    if not study.one_teacher:
        state.take_over(row.preset, recipe)
        link.put(seeds=study.seeds, teacher_run=None)
    st.switch_page(f"pages/{'method_race' if study.kind == 'compare' else 'race'}.py")


def _student(study: Study) -> Any:
    return next(member.recipe for member in study.members if member.arm == "distilled")
