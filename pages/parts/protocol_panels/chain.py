"""A chain's panel: how well each link answers, from the teacher over helpers to the last, and all together."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from kd_core.notes import EnsembleAccuracy
from kd_core.results import Verdict
from kd_core.store import RunRow
from pages.parts.protocol_panels.base import Panel, finding, network_text, seeds_text
from pages.parts.protocol_panels.dot_plot import DotRow, dot_plot
from pages.parts.text import escape_markdown, percent_of, t, verdict_text


def headline(panel: Panel, judged: Verdict) -> str:
    """Return whether those who taught helped."""
    return verdict_text(judged, t("protocol_verdict.who_chain"))


def panel(panel: Panel) -> None:
    """Show the accuracy of every link, of the ensemble of generations, and of the student alone."""
    links = [DotRow("teacher", t("roles.teacher"), _network(panel.runs_of("teacher")), _right(panel, "teacher"))]
    links += _helpers(panel)
    last = t("protocol_view.generation_last", number=panel.protocol["generations"])
    links.append(DotRow("distilled", last, network_text(panel.recipe["student"]), _right(panel, "distilled")))
    links = [link for link in links if link.accuracies]
    if not links:
        st.caption(t("protocol_view.nothing_yet"))
        return
    ensemble = _ensemble(panel)
    student = network_text(panel.recipe["student"])
    beside = [DotRow("variant", t("protocol_view.ensemble", n=panel.protocol["generations"]), student, ensemble)]
    beside.append(DotRow("alone", t("roles.alone"), student, _right(panel, "alone")))
    sentence = t("protocol_view.chain_finding", links=" → ".join(percent_of(link.accuracies) for link in links))
    if ensemble:
        sentence += t("protocol_view.chain_ensemble", ensemble=percent_of(ensemble))
    shown = max(len(link.accuracies) for link in links)
    setting = t("protocol_view.chain_setting", seeds=seeds_text(shown))
    dot_plot([*links, *beside], key="chain", title=escape_markdown(finding(panel, sentence)), setting=setting)


def _helpers(panel: Panel) -> list[DotRow]:
    """Return the links between: first the assistants, then the generations before the last."""
    by_seed = panel.by_seed("helper")
    assistants = len(panel.recipe.get("others", []))
    links = []
    for place in range(max(map(len, by_seed.values()), default=0)):
        runs = [runs[place] for runs in by_seed.values() if place < len(runs)]
        kind, number = ("assistant", place) if place < assistants else ("generation", place - assistants)
        accuracies = _of(panel, runs)
        links.append(DotRow("variant", t(f"protocol_view.{kind}", number=number + 1), _network(runs), accuracies))
    return links


def _ensemble(panel: Panel) -> list[float]:
    return [notes[-1].accuracy for notes in panel.notes_of(EnsembleAccuracy).values()]


def _right(panel: Panel, arm: str) -> list[float]:
    return _of(panel, panel.reported(arm))


def _of(panel: Panel, runs: Sequence[RunRow]) -> list[float]:
    return [value for run in runs if (value := panel.accuracy(run)) is not None]


def _network(runs: Sequence[RunRow]) -> str:
    return network_text(runs[0].recipe["student"]) if runs else ""
