"""The table of a race: accuracy, calibration, agreement, size and inference time of each arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from kd_core.vocabulary import ARMS
from pages.parts.charts import csv_button
from pages.parts.text import t


def arm_rows(arms: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row an arm in full precision, from ``race_json``'s arms."""
    rows = []
    for arm in ARMS:
        if arm not in arms:
            continue
        facts, row = arms[arm], {"arm": arm}
        for measure in ("accuracy", "nll", "ece", "agreement"):
            told = facts[measure]
            row |= {measure: told and told["mean"], f"{measure}_sd": told and told["sd"]}
        row |= {name: facts[name] for name in ("parameters", "bytes", "macs", "seconds")}
        row |= {"n": len(facts["accuracy"]["values"])} | _latency(facts["latency_ms"])
        rows.append(row)
    return pd.DataFrame(rows)


def arm_table(arms: Mapping[str, Any], *, key: str) -> None:
    """Show the arms with mean ± sd over seeds, and offer the full numbers as CSV."""
    rows = arm_rows(arms)
    shown = pd.DataFrame([_shown(row) for row in rows.to_dict("records")])
    # Three rows as plain HTML: read aloud and selected like any text, and there a second sooner than a canvas.
    st.table(shown, border="horizontal", hide_index=True, alt=t("table.alt"))
    csv_button(rows, key=key, filename="kd-playground-arms")


def _shown(row: Mapping[Any, Any]) -> dict[str, str]:
    return {
        t("table.arm"): t(f"roles.{row['arm']}"),
        t("table.accuracy"): _percent(row["accuracy"], row["accuracy_sd"], row["n"]),
        t("table.nll"): _plain(row["nll"], row["nll_sd"]),
        t("table.ece"): _percent(row["ece"], row["ece_sd"]),
        t("table.agreement"): _percent(row["agreement"], row["agreement_sd"]),
        t("table.parameters"): f"{row['parameters']:,}",
        t("table.size"): f"{row['bytes'] / 1000:,.1f} kB",
        t("table.latency"): _milliseconds(row),
        t("table.seconds"): f"{row['seconds']:.1f} s",
    }


def _latency(told: Mapping[str, Any] | None) -> dict[str, Any]:
    names = ("p50", "p95", "batch", "threads")
    return {f"latency_{name}": told and told[name] for name in names}


def _percent(mean: float | None, sd: float | None, n: int = 0) -> str:
    if mean is None or pd.isna(mean):
        return "–"
    text = f"{100 * mean:.2f}" + ("" if sd is None or pd.isna(sd) else f" ± {100 * sd:.2f}")
    return f"{text} % (n = {n})" if n else f"{text} %"


def _plain(mean: float, sd: float | None) -> str:
    return f"{mean:.3f}" + ("" if sd is None or pd.isna(sd) else f" ± {sd:.3f}")


def _milliseconds(row: Mapping[Any, Any]) -> str:
    if row["latency_p50"] is None or pd.isna(row["latency_p50"]):
        return "–"
    return f"{row['latency_p50']:.3f} / {row['latency_p95']:.3f} ms"
