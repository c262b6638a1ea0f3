"""The view of one method race: finding, gains, table and costs; it reads the store twice a second while it lives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from kd_core.results import MethodRaceData, load_method_race
from kd_core.store import StudyRow
from kd_core.vocabulary import SOFT_TARGETS
from pages.parts.app import store, tell_left_out
from pages.parts.charts import settled_chart_with_downloads
from pages.parts.doctor import doctor_section
from pages.parts.method_race import charts, sentences
from pages.parts.method_race.table import race_rows, race_table
from pages.parts.studies import live_fragment, show_progress
from pages.parts.text import escape_markdown, language, seconds_text, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def method_race_view(study: StudyRow) -> None:
    """Show a method race; poll only while it lives."""
    live_fragment(study, _draw, key="method_race_view")
    doctor_section(study)


def _draw(row: StudyRow) -> None:
    places = store().studies.member_progress(row.id)
    done = sum(place.status == "done" for place in places)
    race = _load(str(store().home), row.id, row.status, done)
    student, own, refused = _facts_of_recipe(str(store().home), row.id, language())
    finding, setting = sentences.finding(race, row.alive), sentences.setting(row, student)
    with st.container(key="method_race_finding"):
        st.markdown(f"**{escape_markdown(finding)}**")
    show_progress(row, places)
    st.caption(escape_markdown(setting))
    _left_out(row, race, refused)
    tell_left_out(places)
    if race.ranked:
        numbers = f"{store().home} {row.id} {row.status} {done}"
        show_results(race, f"{finding} {setting}", own, sentences.with_own_steps(race.ranked), numbers)


def show_results(race: MethodRaceData, summary: str, own: str, own_steps: Sequence[str], settled: str) -> None:
    """Show gains, table and costs.

    Args:
        race: with a finished technique.
        summary: finding and setting.
        own: the technique that runs as the form sets it.
        own_steps: the protocols whose epochs are not as long as a plain student's.
        settled: text that is equal exactly for equal numbers, by which charts are kept.
    """
    _gains(race, summary, own, own_steps, settled)
    st.header(t("method_race.table_title"), anchor=False)
    race_table(race)
    _agreement_and_costs(race, settled)


@st.cache_data(max_entries=16, show_spinner=False)
def _load(home: str, study: str, status: str, done: int) -> MethodRaceData:
    """The race's numbers; they change only when another network is finished, so that polling costs little."""
    return load_method_race(store(), study)


@st.cache_data(max_entries=64, show_spinner=False)
def _facts_of_recipe(home: str, study: str, language: str) -> tuple[str, str, dict[str, str]]:
    """The student's label, the technique that the form sets, and why the others that were asked for did not fit."""
    from kd_core.recipe import Recipe
    from kd_core.settings import name_of

    spec = store().studies.get(study).spec
    base, left_out = Recipe.from_json(spec["base"]), spec.get("refused", {})
    refused = {**left_out, **sentences.refusals(base, left_out)}  # in the reader's language, if they still do not fit
    return base.student.label, sentences.technique(name_of(base.method)), refused


def _gains(race: MethodRaceData, summary: str, own: str, own_steps: Sequence[str], settled: str) -> None:
    techniques = race.ranked
    settled_chart_with_downloads(
        lambda: charts.gain_figure(techniques),
        key="method_race_gain",
        rows=lambda: gain_rows(race),
        alt=f"{summary} {sentences.gains_in_words(techniques)}",
        filename="method-race-gain",
        settled=settled,
    )
    chance = race.by_chance
    if not chance["judged"]:
        notes = [t("method_race.chart_note_one_seed")]
    else:
        with_soft_targets = any(technique.name == SOFT_TARGETS for technique in techniques)
        note = "chart_note" if with_soft_targets else "chart_note_alone"
        marks = t(f"method_race.{note}", soft=sentences.technique(SOFT_TARGETS))
        notes = [marks, t("method_race.by_chance", n=chance["judged"], better=f"{chance['better']:.2g}")]
    notes += sentences.same_networks(race)
    if own_steps:
        notes.append(t("method_race.own_steps", names=sentences.listed(own_steps)))
    st.caption(escape_markdown(" ".join([*notes, t("method_race.untuned", own=own)])))


def gain_rows(race: MethodRaceData) -> pd.DataFrame:
    """Return what the chart of gains shows, with the reader's words for columns."""
    rows = race_rows(race)
    names = ("technique", "over_alone_pp", "over_alone_low", "over_alone_high", "n")
    titles = ("method_race.column_technique", *(f"sweep.column_{name}" for name in ("gain", "low", "high", "n")))
    gains = rows[rows["over_alone_pp"].notna()][list(names)]
    return gains.rename(columns={name: t(title) for name, title in zip(names, titles, strict=True)})


def _left_out(row: StudyRow, race: MethodRaceData, refused: Mapping[str, str]) -> None:
    """Tell who did not race and why, and, once it has ended, who came to no end."""
    for name, reason in refused.items():
        text = t("method_race.did_not_race", technique=sentences.technique(name), reason=reason)
        st.caption(escape_markdown(text))
    if race.unfinished and not row.alive:
        names = t("method_race.comma").join(map(sentences.technique, race.unfinished))
        st.caption(escape_markdown(t("method_race.unfinished", names=names)))


def _agreement_and_costs(race: MethodRaceData, settled: str) -> None:
    alone, techniques = race.baselines.get("alone"), race.ranked
    left, right = st.columns([1, 1.4], gap="medium")
    agreeing = [technique for technique in techniques if technique.student.measures["agreement"]]
    if agreeing:
        with left:
            closest = max(agreeing, key=lambda technique: charts.mean_of(technique.student, "agreement"))
            agreement = f"{100 * charts.mean_of(closest.student, 'agreement'):.1f}"
            name = sentences.technique(closest.name)
            title = t("method_race.agreement_finding", technique=name, agreement=agreement)
            _small(
                lambda: charts.agreement_figure(agreeing, alone),
                "agreement",
                title,
                lambda: _in_percent(race_rows(race), ("agreement", "accuracy")),
                settled,
            )
    with right:
        best = min(techniques, key=lambda technique: charts.mean_of(technique.student, "ece"))
        seconds = [technique.student.seconds for technique in techniques]
        spent = {"low": seconds_text(min(seconds)), "high": seconds_text(max(seconds))}
        ece = f"{100 * charts.mean_of(best.student, 'ece'):.1f}"
        title = t("method_race.cost_finding", technique=sentences.technique(best.name), ece=ece, **spent)
        _small(
            lambda: charts.cost_figure(techniques, alone),
            "cost",
            title,
            lambda: _in_percent(race_rows(race), ("ece", "seconds")),
            settled,
        )


def _in_percent(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return some measures with the reader's words for columns; fractions in percent, seconds as they are."""
    shown = {t("method_race.column_technique"): table["technique"]}
    for name in names:
        values = table[name].astype(float)
        shown[t(f"method_race.{name}_axis")] = values if name == "seconds" else 100 * values
    return pd.DataFrame(shown)


def _small(figure: Callable[[], Figure], name: str, title: str, rows: Callable[[], pd.DataFrame], settled: str) -> None:
    st.header(title, anchor=False)
    note = t(f"method_race.{name}_note")
    st.caption(note)
    settled_chart_with_downloads(
        figure,
        key=f"method_race_{name}",
        rows=rows,
        alt=f"{title}. {note}",
        filename=f"method-race-{name}",
        settled=settled,
    )
