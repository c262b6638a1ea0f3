"""What stands below the race's table: intervals, who saw what, and on what it was carried out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from kd_core.results import CellValues, RaceData, race_numbers, stored_logits
from pages.parts.app import store, tell_left_out
from pages.parts.form import cautions
from pages.parts.text import MISSING, sampling_text, t

SAW: Final = {"public images": "race.saw_public_images", "made-up images": "race.saw_made_up_images"}
"""What is said where the labels of the recipe are not the student's, by what its protocol lets it see."""


def below_the_table(race: RaceData) -> None:
    """Tell who saw what, on what it ran, and how far the choice of test images alone would move the verdict."""
    facts = [_who_saw_what(race)]
    if race.row.spec.get("one_teacher"):
        facts.append(t("race.one_teacher"))
    if any(member.reused for member in race.members):
        facts.append(t("race.some_reused"))
    facts += sorted({execution_text(run.execution) for run in race.runs.values() if run.execution})
    st.caption(" · ".join(facts))
    tell_left_out(race.runs.values())
    for sentence in cautions(race.recipe, _classes(race)):
        st.warning(sentence)
    interval = None if race.row.alive else _test_set_interval(race.row.id, race.cell, race.row.finished)
    if interval:
        st.caption(sampling_text(interval[0], interval[1]))


@st.cache_data(max_entries=64, show_spinner=False)
def _test_set_interval(
    study: str, cell: CellValues | None, finished_at: float | None
) -> tuple[tuple[float, float], int] | None:
    numbers = race_numbers(store(), study, cell)
    interval, images = numbers.test_set_ci95_pp, numbers.test_images
    return None if interval is None or images is None else (interval, images)


def _classes(race: RaceData) -> int | None:
    named = next((run.source for run in race.runs.values() if run.source), None)
    source = stored_logits.read_test_split(store(), named) if named else None
    return None if source is None else len(source[1]["classes"])


def _who_saw_what(race: RaceData) -> str:
    begun = {member.arm: race.runs[member.position] for member in race.members if member.position in race.runs}
    recipes = {arm: run.recipe for arm, run in begun.items()}
    counted = {arm: (run.cost or {}).get("labels") for arm, run in begun.items()}

    def seen(arm: str) -> str:
        if arm not in recipes:
            return MISSING
        data, labels = recipes[arm]["data"], counted.get(arm)
        facts = [t("race.all_labels") if labels is None else t("race.n_labels", n=f"{labels:,}")]
        if data["label_noise"]:
            facts.append(t("race.noise", share=f"{100 * data['label_noise']:g}"))
        if data["dropped_classes"]:
            facts.append(t("race.dropped", classes=", ".join(map(str, data["dropped_classes"]))))
        if data["labelled"] is not None and data["unlabelled"] == "keep":
            facts.append(t("race.unlabelled"))
        return ", ".join(facts)

    images = _images_seen(recipes.get("distilled", {}).get("protocol", {}).get("name"))
    students = t(SAW[images], alone=seen("alone")) if images in SAW else seen("distilled")
    return t("race.who_saw", teacher=seen("teacher"), students=students)


def _images_seen(protocol: str | None) -> str:
    if protocol in (None, "offline"):  # by far the most, and nobody waits for the engine
        return "own data"
    from kd_core.protocols import PROTOCOLS

    return PROTOCOLS[protocol].students_see


def execution_text(execution: Mapping[str, Any]) -> str:
    """Return e.g. "cpu (AMD EPYC, 2 cores), 1 thread, 5 lanes of one loop"."""
    facts = [str(execution["device"]), t("race.threads", n=execution["threads"])]
    if execution.get("dtype", "float32") != "float32":
        facts.append(t("execution.coarse", dtype=execution["dtype"]))
    if execution.get("lanes", 1) > 1:
        facts.append(t("execution.lanes", n=execution["lanes"]))
    elif why := execution.get("why_alone"):
        facts.append(t(f"execution.alone_{why}"))
    return ", ".join(facts)
