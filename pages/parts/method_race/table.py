"""The table of a method race: every technique, and the teacher and the student alone that all share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from kd_core.vocabulary import SOFT_TARGETS
from pages.parts.charts import csv_button
from pages.parts.method_race.sentences import points, ranked, technique
from pages.parts.text import escape_markdown, seconds_text, spread_text, t

MEASURES = ("accuracy", "agreement", "ece", "nll")
AGAINST = ("over_alone", "over_soft_targets")


def race_rows(told: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row a technique in full precision, highest gain first, then the student alone and the teacher."""
    rows = [{"name": one["name"], "technique": technique(one["name"]), **_numbers(one)} for one in ranked(told)]
    for arm in ("alone", "teacher"):
        if arm in told["baselines"]:
            rows.append({"name": arm, "technique": t(f"roles.{arm}"), **_numbers(told["baselines"][arm])})
    return pd.DataFrame(rows)


def race_table(told: Mapping[str, Any]) -> None:
    """Show all numbers with their spread over seeds, and offer them in full precision as CSV."""
    facts = [(technique(one["name"]), one) for one in ranked(told)]
    facts += [(t(f"roles.{arm}"), told["baselines"][arm]) for arm in ("alone", "teacher") if arm in told["baselines"]]
    shown = pd.DataFrame([_shown(title, one) for title, one in facts])
    st.dataframe(
        shown,
        key="method_race_table",
        hide_index=True,
        height="content",
        alt=t("method_race.table_alt", n=len(told["techniques"])),
        column_config={str(name): _column(str(name)) for name in shown},
    )
    csv_button(race_rows(told), key="method_race_table", filename="method-race")
    st.caption(escape_markdown(t("method_race.table_note")))


def _column(name: str) -> Any:
    titles = {"over_soft_targets": t("method_race.column_over_soft_targets", soft=technique(SOFT_TARGETS))}
    title = titles.get(name) or t(f"method_race.column_{name}")
    return st.column_config.TextColumn(title)


def _shown(title: str, facts: Mapping[str, Any]) -> dict[str, str]:
    accuracy = facts["accuracy"]
    return {
        "technique": title,
        "accuracy": spread_text(accuracy["mean"], accuracy["sd"], len(accuracy["values"])),
        **{against: points(facts.get(against)) for against in AGAINST},
        "agreement": _percent(facts["agreement"]),
        "ece": _percent(facts["ece"]),
        "seconds": _seconds(facts),
        "extra": f"{facts['extra_parameters']:,}" if "extra_parameters" in facts else "–",
    }


def _seconds(facts: Mapping[str, Any]) -> str:
    sd = facts.get("seconds_sd")
    if sd is None or facts["seconds"] >= 60:
        return seconds_text(facts["seconds"])
    return f"{facts['seconds']:.2f} ± {sd:.2f} s"


def _percent(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return "–"
    return f"{100 * told['mean']:.1f}" + ("" if told["sd"] is None else f" ± {100 * told['sd']:.1f}")


def _numbers(facts: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"n": len(facts["accuracy"]["values"])}
    for measure in MEASURES:
        told = facts[measure]
        row |= {measure: told and told["mean"], f"{measure}_sd": told and told["sd"]}
    for against in AGAINST:
        judged = facts.get(against)
        low, high = (judged and judged["ci95_pp"]) or (None, None)
        row |= {f"{against}_pp": judged and judged["difference_pp"], f"{against}_low": low, f"{against}_high": high}
    more = {name: facts.get(name) for name in ("seconds_sd", "extra_parameters")}
    return {**row, "parameters": facts["parameters"], "seconds": facts["seconds"], **more}
