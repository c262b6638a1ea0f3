"""The epoch scrubber: which of the kept epochs is looked at, in the link; bars and curves follow it while it moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from pages.parts.app import link
from pages.parts.app.view_state import epoch_shown
from pages.parts.charts import script, style
from pages.parts.text import t, texts_of

WORDS: Final = ("epoch", "play", "pause")

_scrubber = st.components.v2.component("kd_epoch", css=style("shared/scrubber"), js=script("epoch/component"))


def kept_epochs(epochs: Mapping[str, Sequence[int]]) -> list[int]:
    """Return every epoch that is kept of some arm, in order."""
    return sorted({epoch for kept in epochs.values() for epoch in kept})


def choose_epoch(epochs: Mapping[str, Sequence[int]]) -> int | None:
    """Draw the scrubber where there is something to scrub; return the epoch from 0, or None for the reported one."""
    kept = kept_epochs(epochs)
    asked = epoch_shown(kept)
    if len(kept) < 2:
        return asked

    def moved() -> None:
        chosen = read_epoch(st.session_state["epoch"], kept)
        link.put(epoch=None if chosen is None else chosen + 1)

    _scrubber(key="epoch", data=scrubber_data(kept, asked), on_chosen_change=moved)
    return asked


def scrubber_data(kept: Sequence[int], asked: int | None) -> dict[str, Any]:
    """Return what the browser draws: the kept epochs and the result; between two the nearest before is shown.

    Args:
        kept: from 0, in order.
        asked: from 0; None for the reported one.
    """
    steps = [{"name": str(epoch + 1), "epoch": epoch + 1} for epoch in kept]
    place = len(kept) if asked is None else sum(epoch <= asked for epoch in kept) - 1
    return {
        "steps": [*steps, {"name": t("soft_labels.epoch_end"), "epoch": None}],
        "place": max(0, place),
        "words": {**texts_of("inspector", WORDS), "help": t("soft_labels.epoch_help")},
    }


def read_epoch(state: Mapping[str, Any], kept: Sequence[int]) -> int | None:
    """Return the epoch, from 0, that the browser sent; None for the reported one, and for what it cannot have sent."""
    sent = state.get("chosen")
    epoch = sent.get("epoch") if isinstance(sent, Mapping) else None
    return epoch - 1 if isinstance(epoch, int) and not isinstance(epoch, bool) and epoch - 1 in kept else None
