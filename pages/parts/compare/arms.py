"""Sides: the arms of the picked studies, as they stand against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd
import streamlit as st

from kd_core.results import ArmResult, arm_results, finished_members, recipe_of
from kd_core.store import StudyRow
from kd_core.vocabulary import ARMS
from pages.parts.app import store
from pages.parts.charts import ROLE_OF, Role, csv_button
from pages.parts.compare.study_list import short_label
from pages.parts.text import MISSING, bytes_text, count_text, mean_sd_text, seconds_text, spread_text, t


@dataclass(frozen=True)
class ComparedArm:
    """One arm of one study.

    Args:
        key: "<study>/<arm>", as widgets keep it.
        label: how it is called among the sides on this page.
        dataset: name of the dataset whose test split judges it.
    """

    key: str
    study: StudyRow
    arm: Role
    label: str
    dataset: str
    result: ArmResult

    def accuracy_by_seed(self) -> dict[int, float]:
        """Return test accuracy, a fraction, by seed."""
        return {place.member.seed: place.measure("accuracy") or 0.0 for place in self.result.places}

    def runs(self) -> set[str]:
        """Return the ids of its runs."""
        return {place.run.id for place in self.result.places}


def sides_of(studies: Sequence[StudyRow]) -> list[ComparedArm]:
    """Return the arms with finished seeds of the races among ``studies``."""
    sides = []
    for row in studies:
        if row.kind != "race":
            continue
        results = _results(row.id) if row.alive else _settled_results(str(store().home), row.id, row.finished or 0.0)
        dataset = str(recipe_of(row)["data"]["source"]["name"])
        for arm in ARMS:
            if arm in results:
                label = t(f"roles.{arm}") if len(studies) == 1 else f"{short_label(row)} · {t(f'roles.{arm}')}"
                sides.append(ComparedArm(f"{row.id}/{arm}", row, ROLE_OF[arm], label, dataset, results[arm]))
    return sides


@lru_cache(maxsize=200)
def _settled_results(home: str, study: str, finished: float) -> dict[str, ArmResult]:
    """What a study that has ended says is computed once for everybody, until it is resumed."""
    return _results(study)


def _results(study: str) -> dict[str, ArmResult]:
    return arm_results(finished_members(store(), study))


def side_table(sides: Sequence[ComparedArm]) -> None:
    """Show every side with mean and spread over its seeds, on the test split."""
    st.dataframe(
        pd.DataFrame([_row(side) for side in sides]),
        key="compare_arms",
        hide_index=True,
        placeholder=MISSING,
        alt=t("compare.arms_alt", n=len(sides)),
        column_config={name: t(f"compare.arm_{name}") for name in _row(sides[0])},
        column_order=[name for name in _row(sides[0]) if name != "study" or len({side.study.id for side in sides}) > 1],
    )
    csv_button(full_rows(sides), key="compare_arms", filename="arms")
    st.caption(t("compare.arms_note"))


def full_rows(sides: Sequence[ComparedArm]) -> pd.DataFrame:
    """Return one row per side in full precision: mean and sd of every measure, n, size and training time."""
    rows = []
    for side in sides:
        row: dict[str, Any] = {"study": short_label(side.study), "id": side.study.id, "arm": side.arm}
        for name, measure in side.result.measures.items():
            row |= {name: measure and measure.mean, f"{name}_sd": measure and measure.sd}
        result = side.result
        sizes = {"parameters": result.parameters, "bytes": result.bytes, "macs": result.macs, "seconds": result.seconds}
        rows.append({**row, "n": len(result.places), **sizes})
    return pd.DataFrame(rows)


def _row(side: ComparedArm) -> dict[str, Any]:
    result = side.result
    measures = result.measures
    return {
        "study": short_label(side.study),
        "arm": t(f"roles.{side.arm}"),
        "accuracy": spread_text(measures["accuracy"]),
        "nll": mean_sd_text(measures["nll"]),
        "ece": mean_sd_text(measures["ece"]),
        "agreement": spread_text(measures["agreement"]),
        "parameters": count_text(result.parameters),
        "bytes": bytes_text(result.bytes),
        "seconds": seconds_text(result.seconds),
    }
