"""Overlaid curves: accuracy over the epochs of the picked studies, with their spread over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

from pages.parts.app import store
from pages.parts.charts import CURVE_WORDS, CurveSeries, Role, live_curve, mean_with_band, zoomed_range
from pages.parts.compare.arms import ComparedArm
from pages.parts.compare.study_list import short_label
from pages.parts.text import share_text, t, texts_of

MOST_PANELS = 12


def pair_curves(left: ComparedArm, right: ComparedArm) -> None:
    """Overlay two sides; the second of the same role takes the colour of a second variant."""
    second: Role = "variant" if left.arm == right.arm else right.arm
    sides = [left] if left.key == right.key else [left, right]
    series = [_series(side, role, side.label) for side, role in zip(sides, (left.arm, second), strict=False)]
    _chart("compare_curves", series, zoomed_range(series, alive=False), _last_epoch(series), height=320)


def panels(sides: Sequence[ComparedArm]) -> None:
    """Draw one chart per study on shared axes: more than four arms in one picture cannot be told apart."""
    studies = list({side.study.id: side.study for side in sides}.values())
    by_study = {
        row.id: [_series(side, side.arm, t(f"roles.{side.arm}")) for side in sides if side.study.id == row.id]
        for row in studies[:MOST_PANELS]
    }
    everything = [line for lines in by_study.values() for line in lines]
    shared, epochs = zoomed_range(everything, alive=False), _last_epoch(everything)
    columns = st.columns(min(3, len(by_study)))
    for index, row in enumerate(studies[:MOST_PANELS]):
        with columns[index % len(columns)]:
            _chart(f"compare_panel_{row.id}", by_study[row.id], shared, epochs, height=220, title=short_label(row))
    if len(studies) > MOST_PANELS:
        st.caption(t("compare.most_panels", shown=MOST_PANELS, n=len(studies)))


def _series(side: ComparedArm, role: Role, name: str) -> CurveSeries:
    """Return mean test accuracy by epoch with a band of one sd over the side's seeds."""
    return mean_with_band(_accuracies(str(store().home), tuple(sorted(side.runs()))), [], role, name)[0]


@lru_cache(maxsize=200)
def _accuracies(home: str, runs: tuple[str, ...]) -> list[list[float]]:
    """Return test accuracy by epoch of each of some finished runs, read once for everybody."""
    by_run: dict[str, list[float]] = {}
    for row in store().runs.epochs(runs):
        by_run.setdefault(row.run, []).append(row.scores["test"]["accuracy"] or 0.0)
    return list(by_run.values())


def _last_epoch(series: Sequence[CurveSeries]) -> float:
    return max((line.x[-1] for line in series if line.x), default=1.0)


def _chart(
    key: str,
    series: Sequence[CurveSeries],
    accuracy: tuple[float, float],
    epochs: float,
    *,
    height: int,
    title: str = "",
) -> None:
    """Draw lines on the given axes: compared arms share them."""
    live_curve(
        key=key,
        series=series,
        words=texts_of("curve", CURVE_WORDS),
        x_title=t("compare.epoch"),
        y_title=t("compare.test_accuracy"),
        x_range=(0.0, epochs),
        y_range=accuracy,
        title=title,
        subtitle=t("compare.curves_note", low=share_text(accuracy[0]), high=share_text(accuracy[1])),
        percent=True,
        height=height,
    )
