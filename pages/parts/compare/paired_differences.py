"""Paired differences: two sides seed by seed, and what their interval allows to say."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from kd_core.results import Verdict, verdict
from pages.parts.charts import table_with_csv
from pages.parts.compare.arms import ComparedArm
from pages.parts.text import escape_markdown, signed_text, t


def choose_pair(sides: Sequence[ComparedArm]) -> tuple[ComparedArm, ComparedArm]:
    """Let the reader choose two sides; at first the distilled students of two studies, or one study's two students."""
    by_key = {side.key: side for side in sides}
    first, second = _first_pair(sides)
    columns = st.columns(2)
    chosen = []
    for column, name, start in zip(columns, ("left", "right"), (first, second), strict=True):
        with column:
            picked = st.selectbox(
                t(f"compare.{name}"),
                list(by_key),
                index=list(by_key).index(start.key),
                format_func=lambda key: by_key[key].label,
                # Other studies, other choices: a selection of the last ones must not linger.
                key=f"compare_{name}_{'_'.join(sorted({side.study.id for side in sides}))}",
            )
        chosen.append(by_key[picked])
    return chosen[0], chosen[1]


def paired_verdict(left: ComparedArm, right: ComparedArm) -> tuple[Verdict | None, pd.DataFrame]:
    """Return left minus right over the seeds that both have, and the rows behind it, in percent and points."""
    of_left, of_right = left.accuracy_by_seed(), right.accuracy_by_seed()
    seeds = sorted(of_left.keys() & of_right.keys())
    rows = pd.DataFrame(
        {
            "seed": seeds,
            "left": [100 * of_left[seed] for seed in seeds],
            "right": [100 * of_right[seed] for seed in seeds],
            "difference": [100 * (of_left[seed] - of_right[seed]) for seed in seeds],
        }
    )
    judged = verdict([of_left[seed] for seed in seeds], [of_right[seed] for seed in seeds]) if seeds else None
    return judged, rows


def paired_difference(left: ComparedArm, right: ComparedArm) -> None:
    """Say which side is better, if the seeds allow it, and show them."""
    judged, rows = paired_verdict(left, right)
    if left.key == right.key:
        st.info(t("compare.same_side"))
        return
    if judged is None:
        st.info(t("compare.no_common_seed"))
        return
    with st.container(key="compare_verdict"):
        st.markdown(f"**{difference_sentence(judged, left.label, right.label)}**")
    for caution in _cautions(judged, left, right):
        st.warning(caution)
    number = st.column_config.NumberColumn
    table_with_csv(
        rows,
        key="compare_seeds",
        filename="paired_differences",
        alt=t("compare.seeds_alt", n=judged.seeds),
        column_config={
            "seed": number(t("compare.seed"), width=60),
            "left": number(f"{left.label} (%)", format="%.2f"),
            "right": number(f"{right.label} (%)", format="%.2f"),
            "difference": number(t("compare.difference_pp"), format="%+.2f"),
        },
    )


def difference_sentence(judged: Verdict, left: str, right: str) -> str:
    """Return the finding in words: no winner where the interval spans 0 or where there is one seed."""
    fields = {
        "left": escape_markdown(left),
        "right": escape_markdown(right),
        "pp": signed_text(judged.difference_pp),
        "n": judged.seeds,
    }
    if judged.ci95_pp:
        fields |= {"low": signed_text(judged.ci95_pp[0]), "high": signed_text(judged.ci95_pp[1])}
    return t(f"compare.finding_{judged.outcome.replace(' ', '_')}", **fields)


def _cautions(judged: Verdict, left: ComparedArm, right: ComparedArm) -> list[str]:
    cautions = []
    if left.dataset != right.dataset:
        cautions.append(
            t("compare.other_dataset", left=escape_markdown(left.dataset), right=escape_markdown(right.dataset))
        )
    if left.runs() == right.runs():
        cautions.append(t("compare.same_runs"))
    elif judged.seeds < max(len(left.accuracy_by_seed()), len(right.accuracy_by_seed())):
        cautions.append(t("compare.some_seeds", n=judged.seeds))
    return cautions


def _first_pair(sides: Sequence[ComparedArm]) -> tuple[ComparedArm, ComparedArm]:
    distilled = [side for side in sides if side.arm == "distilled"]
    if len(distilled) > 1:
        return distilled[0], distilled[1]
    own = [side for side in sides if side.arm != "teacher"]
    return (own[-1], own[0]) if len(own) > 1 else (sides[0], sides[-1])
