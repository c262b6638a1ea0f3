"""The panel of multi-task distillation: how well the second question is answered, with teachers and without."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from kd_core.notes import SecondAnswer
from kd_core.results import Verdict, verdict
from pages.parts.protocol_panels.base import Curves, Panel, accuracy_curve, at_end, mean_curve, seeds_text
from pages.parts.text import declared_text, t, verdict_text


def headline(panel: Panel, judged: Verdict) -> str:
    """Return whether the teachers helped with each of the two questions."""
    who = t("protocol_verdict.who_multi_task")
    second = _second_verdict(_pairs(panel, {arm: _second(panel, arm) for arm in ("distilled", "alone")}))
    return t("protocol_verdict.both_questions", first=verdict_text(judged, who), second=second)


def panel(panel: Panel) -> None:
    """Show the second question's accuracy of both students, each with two heads, and of its own teacher."""
    curves = {arm: _second(panel, arm) for arm in ("distilled", "alone")}
    teacher = mean_curve(panel, "helper", panel.accuracies, "teacher", t("protocol_view.second_teacher"))
    if not (curves["distilled"] or curves["alone"] or teacher):
        st.caption(t("protocol_view.nothing_yet"))
        return
    lines = teacher + mean_curve(panel, "alone", curves["alone"], "alone", t("roles.alone"))
    lines += mean_curve(panel, "distilled", curves["distilled"], "distilled", t("roles.distilled"))
    asked = panel.protocol["question"]
    question = declared_text(f"choices.{asked}", asked)
    pairs = _pairs(panel, curves)
    judged = (
        verdict_text(verdict(*zip(*pairs, strict=True)), t("protocol_verdict.who_multi_task"))
        if pairs
        else t("race.no_verdict_yet")
    )
    setting = t("protocol_view.second_setting", question=question, seeds=seeds_text(len(pairs)))
    title = t("protocol_view.second_finding", question=question, verdict=judged)
    accuracy_curve(panel, "multi_task", lines, title, setting)


def _second_verdict(pairs: Sequence[tuple[float, float]]) -> str:
    if not pairs:
        return t("race.no_verdict_yet")
    return verdict_text(verdict(*zip(*pairs, strict=True)), t("protocol_verdict.who_multi_task"))


def _second(panel: Panel, arm: str) -> Curves:
    return {run: [note.test for note in notes] for run, notes in panel.notes_of(SecondAnswer, arm).items()}


def _pairs(panel: Panel, curves: dict[str, Curves]) -> list[tuple[float, float]]:
    """Return the second question's accuracy of both students for every seed that both have finished."""
    ends = {
        arm: {
            seed: at_end(runs[-1], curves[arm].get(runs[-1].id, []))
            for seed, runs in panel.by_seed(arm).items()
            if runs[-1].status == "done"
        }
        for arm in curves
    }
    both = [(ends["distilled"][seed], ends["alone"].get(seed)) for seed in ends["distilled"]]
    return [(own, other) for own, other in both if own is not None and other is not None]
