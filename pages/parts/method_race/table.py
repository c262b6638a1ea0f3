"""The table of a method race: every technique, and the teacher and the student alone that all share."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from kd_core.results import ArmResult, MethodRaceData, TechniqueResult, Verdict
from kd_core.vocabulary import SOFT_TARGETS
from pages.parts.charts import csv_button
from pages.parts.method_race.sentences import points, technique
from pages.parts.text import MISSING, escape_markdown, percent_text, seconds_text, spread_text, t

MEASURES = ("accuracy", "agreement", "ece", "nll")
BASELINES = ("alone", "teacher")


def race_rows(race: MethodRaceData) -> pd.DataFrame:
    """Return one row a technique in full precision, highest gain first, then the student alone and the teacher."""
    rows = [
        {"name": result.name, "technique": technique(result.name), **_numbers(result.student, result)}
        for result in race.ranked
    ]
    rows += [
        {"name": arm, "technique": t(f"roles.{arm}"), **_numbers(race.baselines[arm])}
        for arm in BASELINES
        if arm in race.baselines
    ]
    return pd.DataFrame(rows)


def race_table(race: MethodRaceData) -> None:
    """Show all numbers with their spread over seeds, and offer them in full precision as CSV."""
    rows = [_shown(technique(result.name), result.student, result) for result in race.ranked]
    rows += [_shown(t(f"roles.{arm}"), race.baselines[arm]) for arm in BASELINES if arm in race.baselines]
    shown = pd.DataFrame(rows)
    st.dataframe(
        shown,
        key="method_race_table",
        hide_index=True,
        height="content",
        placeholder=MISSING,
        alt=t("method_race.table_alt", n=len(race.techniques)),
        column_config={str(name): _column(str(name)) for name in shown},
    )
    csv_button(race_rows(race), key="method_race_table", filename="method-race")
    st.caption(escape_markdown(t("method_race.table_note")))


def _column(name: str) -> Any:
    titles = {"over_soft_targets": t("method_race.column_over_soft_targets", soft=technique(SOFT_TARGETS))}
    title = titles.get(name) or t(f"method_race.column_{name}")
    return st.column_config.TextColumn(title)


def _shown(title: str, arm: ArmResult, result: TechniqueResult | None = None) -> dict[str, str]:
    over_alone, over_soft_targets, seconds_sd, extra = _of_technique(result)
    return {
        "technique": title,
        "accuracy": spread_text(arm.measures["accuracy"]),
        "over_alone": points(over_alone),
        "over_soft_targets": points(over_soft_targets),
        "agreement": percent_text(arm.measures["agreement"], 1, unit=""),
        "ece": percent_text(arm.measures["ece"], 1, unit=""),
        "seconds": _seconds(arm.seconds, seconds_sd),
        "extra": MISSING if extra is None else f"{extra:,}",
    }


def _seconds(seconds: float, sd: float | None) -> str:
    return seconds_text(seconds) if sd is None or seconds >= 60 else f"{seconds:.2f} ± {sd:.2f} s"


def _numbers(arm: ArmResult, result: TechniqueResult | None = None) -> dict[str, Any]:
    accuracy = arm.measures["accuracy"]
    row: dict[str, Any] = {"n": len(accuracy.values) if accuracy else 0}
    for name in MEASURES:
        measure = arm.measures[name]
        row |= {name: measure and measure.mean, f"{name}_sd": measure and measure.sd}
    over_alone, over_soft_targets, seconds_sd, extra = _of_technique(result)
    row |= {**_verdict("over_alone", over_alone), **_verdict("over_soft_targets", over_soft_targets)}
    row |= {"seconds_sd": seconds_sd, "extra_parameters": extra}
    return {**row, "parameters": arm.parameters, "seconds": arm.seconds}


def _of_technique(result: TechniqueResult | None) -> tuple[Verdict | None, Verdict | None, float | None, int | None]:
    """Return what only a technique has: two verdicts, the spread of its time, and parameters learned beside it."""
    if result is None:
        return None, None, None, None
    return result.over_alone, result.over_soft_targets, result.student.seconds_sd, result.extra_parameters


def _verdict(name: str, verdict: Verdict | None) -> dict[str, float | None]:
    low, high = (verdict and verdict.ci95_pp) or (None, None)
    difference = None if verdict is None else verdict.difference_pp
    return {f"{name}_pp": difference, f"{name}_low": low, f"{name}_high": high}
