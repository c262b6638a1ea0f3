"""The method race that comes with the product, for a page on which none was run yet; it needs no engine."""

from __future__ import annotations

from typing import Any

import streamlit as st

from kd_core.results import MethodRaceData
from pages.parts.method_race import sentences
from pages.parts.method_race.view import show_results
from pages.parts.recorded import recorded_method_race
from pages.parts.text import escape_markdown, t


@st.fragment(key="recorded_method_race")
def show_recorded_method_race() -> None:
    """Show its finding and its numbers, badged as recorded."""
    facts = recorded_method_race()
    race = MethodRaceData.from_json(facts["race"])
    finding, setting = sentences.finding(race, alive=False), " · ".join(_setting(facts))
    with st.container(key="recorded_method_race_finding"):
        st.markdown(f"**{escape_markdown(finding)}**")
    st.caption(escape_markdown(setting))
    show_results(race, f"{finding} {setting}", sentences.technique(facts["own"]), [], "recorded")


def _setting(facts: dict[str, Any]) -> list[str]:
    made = facts["provenance"]
    return [
        t("provenance.recorded", seed=f"0-{made['seeds'] - 1}", date=made["date"], machine=made["machine"]),
        t("sweep.measure"),
        t("race.first_setting"),
        t("method_race.student", student=facts["student"]),
        t("study.seeds", n=made["seeds"]),
        t("method_race.labels", n=f"{facts['labelled']:,}"),
        t("method_race.epochs", n=facts["epochs"]),
        t("method_race.interval"),
    ]
