"""The head of a race: its verdict, how far it is or how it ended, and what a person can do about it."""

from __future__ import annotations

import time

import streamlit as st

from kd_core.results import RaceData
from kd_core.store import RunRow
from pages.parts.protocol_panels import Panel, alone_was_given, protocol_headline
from pages.parts.studies import (
    before_training,
    fork_texts,
    mean_share,
    resume_button,
    standing_text,
    study_label,
    taught_with,
    time_left,
    whose_note,
)
from pages.parts.text import declared_text, error_text, escape_markdown, t


def headline(race: RaceData) -> None:
    """Show the verdict as far as there is one, then the state."""
    row = race.row
    with st.container(key="race_verdict"):
        if race.verdict is not None:
            provisional = t("race.so_far") + " " if row.alive else ""
            panel = Panel.of(race)
            st.markdown(f"**{provisional}{protocol_headline(panel, race.verdict)}**")
            if given := alone_was_given(panel):
                st.caption(given)
        elif row.alive:
            st.markdown(f"**{t('race.no_verdict_yet')}**")
        st.caption(escape_markdown(" · ".join([*taught_with(race.recipe), *(fork_texts(row) if row.alive else [])])))
    whose_note(row)
    if row.alive:
        st.progress(mean_share(_shares(race)), text=before_training(row) or _progress(race))
    else:
        _ended(race)


def _ended(race: RaceData) -> None:
    row, source = race.row, race.recipe["data"]["source"]["name"]
    dataset = declared_text(f"datasets.{source}.title", source.replace("_", " "))
    facts = [study_label(row), t("race.on", dataset=dataset), t("provenance.live"), t(f"status.{row.status}")]
    st.caption(escape_markdown(" · ".join(facts)))
    if row.status == "paused":
        st.info(standing_text(race.runs.values()))
    if row.error:
        st.error(escape_markdown(error_text(row.error)))
    resume_button(row, key="race_resume")


def _progress(race: RaceData) -> str:
    """Return how many networks are finished, and about how long the others take."""
    done = sum(run.status == "done" for run in race.runs.values())
    text = t("race.progress", done=done, all=len(race.members))
    began = race.row.started or time.time()
    earlier = {at for at, run in race.runs.items() if run.finished is not None and run.finished < began}
    left = time_left(race.row, mean_share(_shares(race, without=earlier)), least=0.05)
    return f"{text} · {left}" if left else text


def _shares(race: RaceData, without: set[int] | None = None) -> list[float]:
    """Return how much of each network's steps is done, all counting alike; ``without`` leaves out some positions."""
    positions = [member.position for member in race.members if member.position not in (without or ())]
    return [_share_of(race.runs.get(position)) for position in positions]


def _share_of(run: RunRow | None) -> float:
    if run is None or not run.steps:
        return float(run is not None and run.status == "done")
    return 1.0 if run.status == "done" else min(1.0, run.step / run.steps)
