"""Size and speed of a race on the page: metrics, charts and tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from kd_core.results import ArmResult
from pages.parts.charts import csv_button, settled_chart_with_downloads
from pages.parts.speed import charts
from pages.parts.speed.facts import finding, latency_rows, size_rows
from pages.parts.text import MISSING, bytes_text, count_text, milliseconds_text, seconds_text, spread_text, t


def size_table(arms: Mapping[str, ArmResult]) -> None:
    """Show what each network weighs, computes and took to train."""
    rows = size_rows(arms)
    shown = pd.DataFrame(
        {
            t("speed.arm"): [t(f"roles.{arm}") for arm in rows["arm"]],
            t("speed.parameters"): [f"{count:,}" for count in rows["parameters"]],
            t("speed.bytes"): [bytes_text(count) for count in rows["bytes"]],
            t("speed.macs"): [count_text(count) for count in rows["macs"]],
            t("speed.accuracy"): [spread_text(arms[arm].measures["accuracy"]) for arm in rows["arm"]],
            t("speed.seconds"): [seconds_text(seconds) for seconds in rows["seconds"]],
        }
    )
    st.dataframe(shown, key="speed_sizes", hide_index=True, alt=t("speed.size_alt"), placeholder=MISSING)
    csv_button(rows, key="speed_sizes", filename="sizes")
    st.caption(t("speed.size_note"))


def choose_batch(arms: Mapping[str, ArmResult]) -> int | None:
    """Let the reader choose a batch size that was timed; None where none was."""
    batches = sorted({int(timed["batch"]) for result in arms.values() for timed in result.latency})
    if not batches:
        return None
    batch = st.segmented_control(
        t("speed.batch"), batches, default=batches[0], key="speed_batch", required=True, persist_state="session"
    )
    return batch if batch in batches else batches[0]


def latency_section(arms: Mapping[str, ArmResult], device: str | None, batch: int | None) -> None:
    """Show how long a batch takes, and what accuracy that time buys."""
    if batch is None:
        st.info(t("speed.not_timed"))
        return
    rows = latency_rows(arms)
    left, right = st.columns(2, gap="large")
    with left:
        st.header(finding(arms, batch), anchor=False)
        st.caption(measured(rows, device))
        settled_chart_with_downloads(
            lambda: charts.latency_chart(rows),
            key="speed_latency",
            rows=lambda: _shown(rows),
            alt=f"{finding(arms, batch)} {measured(rows, device)}",
            filename="latency",
            settled=repr(rows.to_dict("list")),
        )
    with right:
        _trade(arms, rows, batch)


def _trade(arms: Mapping[str, ArmResult], rows: pd.DataFrame, batch: int) -> None:
    sizes = size_rows(arms)
    table = charts.trade_rows(sizes, rows, batch)
    sentence = _trade_sentence(table)
    st.header(sentence, anchor=False)
    st.caption(t("speed.trade_note", batch=batch, n=int(sizes["n"].max())))
    settled_chart_with_downloads(
        lambda: charts.trade_chart(table, batch),
        key="speed_trade",
        rows=lambda: table.assign(arm=[t(f"roles.{arm}") for arm in table["arm"]]).rename(columns=_trade_titles()),
        alt=sentence,
        filename="accuracy_against_latency",
        settled=repr((sizes.to_dict("list"), table.to_dict("list"), batch)),
    )


def measured(rows: pd.DataFrame, device: str | None) -> str:
    """Return on what, how often and with how many threads the times were taken."""
    runs = sorted(int(count) for count in rows["runs"].unique())
    return t(
        "speed.measured",
        device=device or ", ".join(rows["device"].unique()),
        threads=", ".join(str(count) for count in sorted(rows["threads"].unique())),
        runs=str(runs[0]) if len(runs) == 1 else f"{runs[0]}–{runs[-1]}",
    )


def _trade_sentence(table: pd.DataFrame) -> str:
    by_arm = {row["arm"]: row for row in table.to_dict("records")}
    if not {"teacher", "distilled"} <= by_arm.keys():
        return t("speed.trade")
    lost = by_arm["teacher"]["accuracy"] - by_arm["distilled"]["accuracy"]
    times = {arm: milliseconds_text(by_arm[arm]["p50"]) for arm in ("teacher", "distilled")}
    return t("speed.trade_less" if lost >= 0 else "speed.trade_more", points=f"{abs(lost):.1f}", **times)


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    names = ("arm", "batch", "p50", "p95", "runs", "threads", "device")
    named = rows.assign(arm=[t(f"roles.{arm}") for arm in rows["arm"]])
    return named.rename(columns={name: t(f"speed.{name}") for name in names})


def _trade_titles() -> dict[str, str]:
    return {name: t(f"speed.{name}") for name in ("arm", "accuracy", "sd", "n", "p50", "p95")}
