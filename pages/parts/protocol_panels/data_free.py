"""The panel of data-free distillation: what the generator makes up as it learns, and its three losses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from kd_core.store import NoteRow, RunRow
from pages.parts.app import store
from pages.parts.protocol_panels.base import Panel, ends, finding, heading, mean_curve, panel_curve, seeds_text
from pages.parts.text import percent_of, t

LOSSES = ("certainty", "balance", "excitement")
IN_A_ROW = 5
TILE, GAP = 48, 4
"""Pixels: the side of an enlarged image, and the grey between two."""


def panel(panel: Panel) -> None:
    """Show the made-up images of the first, the middle and the newest epoch, and the generator's losses."""
    notes = panel.notes("made_up")
    if not notes:
        st.caption(t("protocol_view.nothing_yet"))
        return
    mine = panel.reported("distilled")
    seen = max((len(notes[run.id]) for run in mine if run.id in notes), default=0)
    made = seen * panel.protocol["steps"] * panel.recipe["optim"]["batch"]
    right = ends(mine, panel.accuracies)
    said = t("protocol_view.data_free_finding", n=f"{made:,}", accuracy=percent_of(right)) if right else ""
    heading(finding(panel, said), t("protocol_view.data_free_setting", seeds=seeds_text(len(right))))
    run = next(run for run in [*mine, *panel.runs_of("distilled")] if run.id in notes)
    _pictures(run, notes[run.id])
    _losses(panel, {name: {one: [note.facts[name] for note in told] for one, told in notes.items()} for name in LOSSES})


def _pictures(run: RunRow, notes: Sequence[NoteRow]) -> None:
    """Show three stages of the same twenty draws of noise."""
    stages = list(dict.fromkeys((0, len(notes) // 2, len(notes) - 1)))
    for column, place in zip(st.columns(3), stages, strict=False):
        epoch = notes[place].epoch
        kept = store().files.note(run.id, "made_up", epoch)
        if kept is not None:
            told = t("protocol_view.made_up", epoch=epoch + 1, n=len(kept["images"]))
            column.image(sheet(kept["images"]), caption=told, alt=told, width="stretch")
    st.caption(t("protocol_view.made_up_note", seed=run.recipe["seed"]))


def sheet(images: NDArray[np.uint8]) -> Image.Image:
    """Return small images (N, C, H, W) enlarged, five in a row, as one picture."""
    rows = -(-len(images) // IN_A_ROW)
    size = (IN_A_ROW * (TILE + GAP) - GAP, rows * (TILE + GAP) - GAP)
    whole = Image.new("RGB", size, (128, 128, 128))
    for place, pixels in enumerate(images):
        one = Image.fromarray(pixels[0] if pixels.shape[0] == 1 else pixels.transpose(1, 2, 0))
        row, column = divmod(place, IN_A_ROW)
        # Nearest: a made-up image of eight by eight pixels is shown as it is, not smoothed into something nicer.
        whole.paste(one.resize((TILE, TILE), Image.Resampling.NEAREST), (column * (TILE + GAP), row * (TILE + GAP)))
    return whole


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
