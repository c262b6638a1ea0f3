"""The table of a race: accuracy, calibration, agreement, size and inference time of each arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from kd_core.results import ArmResult
from kd_core.vocabulary import ARMS, MEASURES
from pages.parts.charts import csv_button
from pages.parts.text import MISSING, mean_sd_text, percent_text, t


def arm_table(arms: Mapping[str, ArmResult], *, key: str) -> None:
    """Show the arms with mean ± sd over seeds, and offer the full numbers as CSV."""
    shown = pd.DataFrame([shown_row(arms[arm]) for arm in ARMS if arm in arms])
    # Three rows as plain HTML: read aloud and selected like any text, and there a second sooner than a canvas.
    st.table(shown, border="horizontal", hide_index=True, alt=t("table.alt"))
    csv_button(arm_rows(arms), key=key, filename="kd-playground-arms")


def arm_rows(arms: Mapping[str, ArmResult]) -> pd.DataFrame:
    """Return one row an arm in full precision."""
    return pd.DataFrame([_row(arms[arm]) for arm in ARMS if arm in arms])


def _row(result: ArmResult) -> dict[str, Any]:
    row: dict[str, Any] = {"arm": result.arm}
    for name in MEASURES:
        measure = result.measures[name]
        row |= {name: measure and measure.mean, f"{name}_sd": measure and measure.sd}
    row |= {name: getattr(result, name) for name in ("parameters", "bytes", "macs", "seconds")}
    accuracy, single = result.measures["accuracy"], result.single_latency
    timed = {f"latency_{name}": single and single[name] for name in ("p50", "p95", "batch", "threads")}
    return {**row, "n": len(accuracy.values) if accuracy else 0, **timed}


def shown_row(result: ArmResult) -> dict[str, str]:
    """Return an arm's row as it is read, by the column's title."""
    measures, single = result.measures, result.single_latency
    return {
        t("table.arm"): t(f"roles.{result.arm}"),
        t("table.accuracy"): percent_text(measures["accuracy"], with_n=True),
        t("table.nll"): mean_sd_text(measures["nll"]),
        t("table.ece"): percent_text(measures["ece"]),
        t("table.agreement"): percent_text(measures["agreement"]),
        t("table.parameters"): f"{result.parameters:,}",
        t("table.size"): f"{result.bytes / 1000:,.1f} kB",
        t("table.latency"): MISSING if single is None else f"{single['p50']:.3f} / {single['p95']:.3f} ms",
        t("table.seconds"): f"{result.seconds:.1f} s",
    }
