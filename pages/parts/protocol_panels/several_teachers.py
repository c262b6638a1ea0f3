"""The panel of several teachers: each by itself, what their mixture gains, and the student that follows it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import streamlit as st

from kd_core.results import Verdict
from kd_core.store import RunRow
from pages.parts.app import engine, store
from pages.parts.protocol_panels.base import Panel, finding, network_text, seeds_text
from pages.parts.protocol_panels.dot_plot import DotRow, dot_plot
from pages.parts.text import declared_text, escape_markdown, percent_of, points_of, t, verdict_text


def headline(panel: Panel, judged: Verdict) -> str:
    """Return whether those who taught helped."""
    return verdict_text(judged, t("protocol_verdict.who_several_teachers"))


def panel(panel: Panel) -> None:
    """Show the accuracy of each teacher, of their mixture, of the student, and of the student alone."""
    ensembles = _ensembles(panel)
    teachers = [
        DotRow("teacher", t("protocol_view.teacher", number=place + 1), _network(runs), _right(panel, runs))
        for place, runs in enumerate(_by_place(ensembles))
    ]
    if not any(teacher.accuracies for teacher in teachers):
        st.caption(t("protocol_view.nothing_yet"))
        return
    whole = [runs for runs in ensembles if len(runs) == panel.protocol["teachers"] and _all_done(runs)]
    mixed = _mixed(panel, whole)
    gains = [right - float(np.mean(_right(panel, runs))) for right, runs in zip(mixed, whole, strict=bool(mixed))]
    student = network_text(panel.recipe["student"])
    networks = [
        *teachers,
        DotRow("variant", t("protocol_view.mixture"), t("protocol_view.networks", n=panel.protocol["teachers"]), mixed),
        DotRow("distilled", t("roles.distilled"), student, _right(panel, panel.reported("distilled"))),
        DotRow("alone", t("roles.alone"), student, _right(panel, panel.reported("alone"))),
    ]
    every = [value for teacher in teachers for value in teacher.accuracies]
    sentence = t("protocol_view.teachers_each", mean=percent_of(every))
    if gains:
        facts = {"n": len(teachers), "mixed": percent_of(mixed), "points": points_of(gains)}
        sentence = t("protocol_view.teachers_finding", mean=percent_of(every), **facts)
    weighting = panel.protocol["weighting"]
    setting = t(
        "protocol_view.teachers_setting",
        weighting=declared_text(f"choices.{weighting}", weighting),
        seeds=seeds_text(max(len(network.accuracies) for network in networks)),
    )
    dot_plot(networks, key="several_teachers", title=escape_markdown(finding(panel, sentence)), setting=setting)


def _ensembles(panel: Panel) -> list[list[RunRow]]:
    """Return the teachers of each seed, the recipe's own first; an ensemble that several seeds share counts once."""
    first, others = panel.by_seed("teacher"), panel.by_seed("helper")
    every = [[*runs, *others.get(seed, [])] for seed, runs in first.items()]
    return list({tuple(run.id for run in runs): runs for runs in every}.values())


def _by_place(ensembles: Sequence[Sequence[RunRow]]) -> list[list[RunRow]]:
    longest = max(map(len, ensembles), default=0)
    unique = [{runs[place].id: runs[place] for runs in ensembles if place < len(runs)} for place in range(longest)]
    return [list(runs.values()) for runs in unique]


def _mixed(panel: Panel, ensembles: Sequence[Sequence[RunRow]]) -> list[float]:
    """Return how often each ensemble's mixture is right on test; nothing until the engine is warm."""
    if not engine.engine_is_warm():
        return []
    asked = tuple(tuple((run.id, run.reported_epoch or 0) for run in runs) for runs in ensembles)
    source = next((run.source for runs in ensembles for run in runs if run.source), None)
    return _mixture_accuracies(asked, source or "", json.dumps(dict(panel.protocol)))


@st.cache_data(max_entries=8, show_spinner=False)
def _mixture_accuracies(asked: tuple[tuple[tuple[str, int], ...], ...], source: str, protocol: str) -> list[float]:
    """Finished runs do not change, so each ensemble is asked once."""
    from kd_core.protocols.several_teachers import SeveralTeachers

    settings, stored = SeveralTeachers.from_json(json.loads(protocol)), store().files.source(source)
    if stored is None:
        return []
    accuracies = []
    for ensemble in asked:
        logits = [store().files.logits(run, epoch) for run, epoch in ensemble]
        kept = [of_teacher for of_teacher in logits if of_teacher is not None]
        if len(kept) < len(logits):
            return []
        accuracies.append(settings.accuracy(kept, stored[0]["labels"]))
    return accuracies


def _all_done(runs: Sequence[RunRow]) -> bool:
    return all(run.status == "done" for run in runs)


def _right(panel: Panel, runs: Sequence[RunRow]) -> list[float]:
    return [value for run in runs if (value := panel.accuracy(run)) is not None]


def _network(runs: Sequence[RunRow]) -> str:
    return network_text(runs[0].recipe["student"]) if runs else ""
