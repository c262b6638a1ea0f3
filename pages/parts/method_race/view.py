"""The view of one method race: finding, gains, table and costs; it reads the store twice a second while it lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from kd_core import jobs
from kd_core.results import compare_json
from kd_core.store import StudyRow
from kd_core.vocabulary import SOFT_TARGETS
from pages.parts.app import error_boundary as telling, store
from pages.parts.charts import plotly_chart_with_downloads
from pages.parts.method_race import charts as charts, sentences as say
from pages.parts.method_race.table import race_rows, race_table
from pages.parts.studies import show_progress
from pages.parts.text import escape_markdown, language, seconds_text, t

POLL_SECONDS = 0.4


def method_race_view(study: StudyRow) -> None:
    """Show a method race; poll only while it lives."""
    poll = POLL_SECONDS if study.alive else None
    st.fragment(_told_view, run_every=poll, key="method_race_view")(study.id, study.alive)


def _told_view(study: str, was_alive: bool) -> None:
    with telling():
        _view(study, was_alive)


def _view(study: str, was_alive: bool) -> None:
    jobs.mark_lost(store())
    row = store().studies.get(study)
    if was_alive and not row.alive:
        st.rerun()  # once, so that the fragment stops polling and the page offers what can be done now
    places = store().studies.member_progress(study)
    done = sum(place.status == "done" for place in places)
    error_boundary = _numbers(str(store().home), study, row.status, done)
    student, own, refused = _facts_of_recipe(str(store().home), study, language())
    finding, setting = say.finding(error_boundary, row.alive), say.setting(row, student)
    with st.container(key="method_race_finding"):
        st.markdown(f"**{escape_markdown(finding)}**")
    show_progress(row, places)
    st.caption(escape_markdown(setting))
    rows = say.ranked(error_boundary)
    if rows:
        _gains(error_boundary, rows, f"{finding} {setting}", own)
    _left_out(row, error_boundary, refused)
    if rows:
        st.header(t("method_race.table_title"), anchor=False)
        race_table(error_boundary)
        _agreement_and_costs(error_boundary, rows)


@st.cache_data(max_entries=16, show_spinner=False)
def _numbers(home: str, study: str, status: str, done: int) -> dict[str, Any]:
    """The race's numbers; they change only when another network is finished, so that polling costs little."""
    return compare_json(store(), study)


@st.cache_data(max_entries=64, show_spinner=False)
def _facts_of_recipe(home: str, study: str, language: str) -> tuple[str, str, dict[str, str]]:
    """The student's label, the technique that the form sets, and why the others that were asked for did not fit."""
    from kd_core.recipe import Recipe
    from kd_core.settings import name_of

    spec = store().studies.get(study).spec
    base, asked = Recipe.from_json(spec["base"]), spec.get("refused", {})
    refused = {**asked, **say.refusals(base, asked)}  # in the reader's language, if they still do not fit
    return base.student.label, say.technique(name_of(base.method)), refused


def _gains(error_boundary: Mapping[str, Any], rows: Sequence[say.Row], summary: str, own: str) -> None:
    plotly_chart_with_downloads(
        charts.gain_figure(rows),
        key="method_race_gain",
        rows=gain_rows(error_boundary),
        alt=f"{summary} {say.gains_in_words(rows)}",
        filename="method-race-gain",
    )
    chance = error_boundary["by_chance"]
    if not chance["judged"]:
        notes = [t("method_race.chart_note_one_seed")]
    else:
        note = "chart_note" if any(row["name"] == SOFT_TARGETS for row in rows) else "chart_note_alone"
        marks = t(f"method_race.{note}", soft=say.technique(SOFT_TARGETS))
        notes = [marks, t("method_race.by_chance", n=chance["judged"], better=f"{chance['better']:.2g}")]
    if names := say.with_own_steps(rows):
        notes.append(t("method_race.own_steps", names=say.listed(names)))
    st.caption(escape_markdown(" ".join([*notes, t("method_race.untuned", own=own)])))


def gain_rows(error_boundary: Mapping[str, Any]) -> pd.DataFrame:
    """Return what the chart of gains shows, with the reader's words for columns."""
    rows = race_rows(error_boundary)
    names = ("technique", "over_alone_pp", "over_alone_low", "over_alone_high", "n")
    titles = ("method_race.column_technique", *(f"sweep.column_{name}" for name in ("gain", "low", "high", "n")))
    gains = rows[rows["over_alone_pp"].notna()][list(names)]
    return gains.rename(columns={name: t(title) for name, title in zip(names, titles, strict=True)})


def _left_out(row: StudyRow, error_boundary: Mapping[str, Any], refused: Mapping[str, str]) -> None:
    """Tell who did not race and why, and, once it has ended, who came to no end."""
    for name, reason in refused.items():
        st.caption(escape_markdown(t("method_race.did_not_race", technique=say.technique(name), reason=reason)))
    missing = error_boundary["unfinished"]
    if missing and not row.alive:
        st.caption(
            escape_markdown(t("method_race.unfinished", names=t("method_race.comma").join(map(say.technique, missing))))
        )


def _agreement_and_costs(error_boundary: Mapping[str, Any], rows: Sequence[say.Row]) -> None:
    alone = error_boundary["baselines"].get("alone")
    table = race_rows(error_boundary)
    left, right = st.columns([1, 1.4], gap="medium")
    agreeing = [row for row in rows if row["agreement"]]
    if agreeing:
        with left:
            closest = max(agreeing, key=lambda row: row["agreement"]["mean"])
            agreement = f"{100 * closest['agreement']['mean']:.1f}"
            title = t("method_race.agreement_finding", technique=say.technique(closest["name"]), agreement=agreement)
            figure = charts.agreement_figure(agreeing, alone)
            _small(figure, "agreement", title, _in_percent(table, ("agreement", "accuracy")))
    with right:
        best = min(rows, key=lambda row: row["ece"]["mean"])
        times = [row["seconds"] for row in rows]
        spent = {"low": seconds_text(min(times)), "high": seconds_text(max(times))}
        ece = f"{100 * best['ece']['mean']:.1f}"
        title = t("method_race.cost_finding", technique=say.technique(best["name"]), ece=ece, **spent)
        _small(charts.cost_figure(rows, alone), "cost", title, _in_percent(table, ("ece", "seconds")))


def _in_percent(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return some measures with the reader's words for columns; fractions in percent, seconds as they are."""
    shown = {t("method_race.column_technique"): table["technique"]}
    for name in names:
        values = table[name].astype(float)
        shown[t(f"method_race.{name}_axis")] = values if name == "seconds" else 100 * values
    return pd.DataFrame(shown)


def _small(figure: Any, name: str, title: str, rows: pd.DataFrame) -> None:
    st.header(title, anchor=False)
    note = t(f"method_race.{name}_note")
    st.caption(note)
    plotly_chart_with_downloads(
        figure, key=f"method_race_{name}", rows=rows, alt=f"{title}. {note}", filename=f"method-race-{name}"
    )
