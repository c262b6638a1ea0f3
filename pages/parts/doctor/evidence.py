"""The evidence of a finding: one small chart, or a few numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import streamlit as st

from kd_core.doctor import Evidence
from pages.parts.charts import CURVE_WORDS, ROLE_OF, CurveSeries, Role, live_curve
from pages.parts.text import MISSING, signed_text, t, texts_of

HEIGHT: Final = 200
KNOWN: Final = ("teacher", "alone", "distilled")


def show_evidence(evidence: Evidence, seeds: int, key: str) -> None:
    """Draw a series as curves over the epochs, and numbers side by side.

    Args:
        evidence: of a finding.
        seeds: over how many it is a mean, where it is one.
        key: Streamlit key, unlike that of other findings.
    """
    title = t(f"doctor.measure.{evidence.measure}", n=seeds)
    if evidence.series:
        lines = curve_lines(evidence.series)
        live_curve(
            key=f"{key}_curve",
            series=lines,
            words=texts_of("curve", CURVE_WORDS),
            x_title=t("race.epoch"),
            y_title=title,
            x_range=(0, float(max(len(line.x) for line in lines))),
            y_range=y_range(evidence),
            subtitle=t("doctor.mean_over_seeds", n=seeds),
            height=HEIGHT,
        )
        return
    st.caption(title)
    with st.container(horizontal=True, key=f"{key}_numbers"):
        for name, value in evidence.numbers.items():
            st.metric(name_text(name), number_text(value, evidence.unit), width="content")


def y_range(evidence: Evidence) -> tuple[float, float]:
    """Return an axis from 0, where a loss is what it is against a guess's; percentages end at 100."""
    highest = max((value for values in evidence.series.values() for value in values if math.isfinite(value)), default=1)
    return 0.0, 100.0 if evidence.unit == "percent" else 1.05 * highest


def curve_lines(series: Mapping[str, tuple[float, ...]]) -> list[CurveSeries]:
    """Return a line for each series, in the colour of its role; what is no network's is drawn as a variant."""
    lines = []
    for name, values in series.items():
        role: Role = ROLE_OF.get(name, "variant")
        lines.append(CurveSeries(role, name_text(name), [float(epoch + 1) for epoch in range(len(values))], values))
    return lines


def name_text(name: str) -> str:
    """Return whose a number is: a network's, a term's of the loss, or another name of the catalogue."""
    if name in KNOWN:
        return t(f"roles.{name}")
    words = t(f"doctor.of.{name}")
    return name.replace("_", " ") if words == f"doctor.of.{name}" else words


def number_text(value: float, unit: str) -> str:
    """Return a number of the evidence with its unit."""
    if not math.isfinite(value):
        return MISSING
    if unit == "points":
        return t("doctor.points", value=signed_text(value))
    written = {
        "percent": f"{value:.1f} %",
        "nats": t("doctor.nats", value=f"{value:.3f}"),
        "parameters": f"{value:,.0f}",
    }
    return written.get(unit, f"{value:g}")
