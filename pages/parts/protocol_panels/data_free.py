"""The panel of data-free distillation: what the generator makes up as it learns, and its three losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from kd_core.notes import GeneratorLosses
from kd_core.results import Verdict
from kd_core.store import NoteRow, RunRow
from pages.parts.app import store
from pages.parts.charts import sheet
from pages.parts.protocol_panels.base import Panel, ends, finding, heading, mean_curve, panel_curve, seeds_text, typed
from pages.parts.text import difference_text, percent_of, t

LOSSES = ("certainty", "balance", "excitement")
IN_A_ROW = 5


def headline(panel: Panel, judged: Verdict) -> str:
    """Return how far the student comes without data; that it is behind who has some is no harm done by a teacher."""
    reached = {arm: percent_of(panel.accuracies_of(arm)) for arm in ("distilled", "alone", "teacher")}
    return t("protocol_verdict.data_free", **reached, difference=difference_text(judged))


def panel(panel: Panel) -> None:
    """Show the made-up images of the first, the middle and the newest epoch, and the generator's losses."""
    notes = panel.notes(GeneratorLosses.subject)
    if not notes:
        st.caption(t("protocol_view.nothing_yet"))
        return
    runs = panel.reported("distilled")
    epochs = max((len(notes[run.id]) for run in runs if run.id in notes), default=0)
    made = epochs * panel.protocol["steps"] * panel.recipe["optim"]["batch"]
    right = ends(runs, panel.accuracies)
    sentence = t("protocol_view.data_free_finding", n=f"{made:,}", accuracy=percent_of(right)) if right else ""
    heading(finding(panel, sentence), t("protocol_view.data_free_setting", seeds=seeds_text(len(right))))
    run = next(run for run in [*runs, *panel.runs_of("distilled")] if run.id in notes)
    _pictures(run, notes[run.id])
    losses = typed(GeneratorLosses, notes)
    _losses(panel, {name: _loss_curves(losses, name) for name in LOSSES})


def _pictures(run: RunRow, notes: Sequence[NoteRow]) -> None:
    """Show three stages of the same twenty draws of noise."""
    stages = list(dict.fromkeys((0, len(notes) // 2, len(notes) - 1)))
    for column, place in zip(st.columns(3), stages, strict=False):
        epoch = notes[place].epoch
        kept = store().files.note(run.id, GeneratorLosses.subject, epoch)
        if kept is not None:
            caption = t("protocol_view.made_up", epoch=epoch + 1, n=len(kept["images"]))
            column.image(sheet(kept["images"], columns=IN_A_ROW), caption=caption, alt=caption, width="stretch")
    st.caption(t("protocol_view.made_up_note", seed=run.recipe["seed"]))


def _loss_curves(notes: Mapping[str, Sequence[GeneratorLosses]], name: str) -> dict[str, list[float]]:
    by_run = {run: [getattr(note, name) for note in of_run] for run, of_run in notes.items()}
    return {run: [loss for loss in losses if loss is not None] for run, losses in by_run.items()}


def _losses(panel: Panel, losses: dict[str, dict[str, list[float]]]) -> None:
    """Draw each loss by itself: they have different units."""
    for column, (name, curves) in zip(st.columns(3), losses.items(), strict=True):
        title = t(f"protocol_view.{name}")
        reached = ends(panel.reported("distilled"), curves)
        with column:
            panel_curve(
                panel,
                f"data_free_{name}",
                mean_curve(panel, "distilled", curves, "variant", t("protocol_view.generator")),
                t("protocol_view.loss_finding", loss=title, value=f"{np.mean(reached):.2f}") if reached else title,
                f"{t(f'protocol_view.{name}_meaning')} · {seeds_text(len(reached))}",
                t(f"protocol_view.{name}_axis"),
                height=180,
            )
