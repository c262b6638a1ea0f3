"""The epoch scrubber: which of the kept epochs is looked at, in the link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.parts.app import link
from pages.parts.app.view_state import epoch_shown
from pages.parts.text import t


def kept_epochs(epochs: Mapping[str, Sequence[int]]) -> list[int]:
    """Return every epoch that is kept of some arm, in order."""
    return sorted({epoch for kept in epochs.values() for epoch in kept})


def choose_epoch(epochs: Mapping[str, Sequence[int]]) -> int | None:
    """Draw the scrubber where there is something to scrub; return the epoch from 0, or None for the reported one."""
    kept = kept_epochs(epochs)
    asked = epoch_shown(kept)
    if len(kept) < 2:
        return asked
    # Between two kept epochs the nearest before it is shown, and the scrubber says so.
    now = None if asked is None else max(epoch for epoch in kept if epoch <= asked)
    st.session_state["epoch"] = now

    def moved() -> None:
        chosen = st.session_state["epoch"]
        link.put(epoch=None if chosen is None else chosen + 1)

    return st.select_slider(
        t("soft_labels.epoch"),
        [*kept, None],
        format_func=lambda epoch: t("soft_labels.epoch_end") if epoch is None else str(epoch + 1),
        key="epoch",
        on_change=moved,
        help=t("soft_labels.epoch_help"),
    )
