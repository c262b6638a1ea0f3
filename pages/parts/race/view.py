"""The view of one race: verdict, curves, one image, table; it reads the store twice a second while the race lives."""

from __future__ import annotations

from functools import partial

import streamlit as st

from kd_core.results import CellValues, RaceData, load_race, stored_logits
from kd_core.store import StudyRow
from pages.parts.app import choose_epoch, store
from pages.parts.doctor import doctor_section
from pages.parts.protocol_panels import Panel, protocol_view
from pages.parts.race.arm_table import arm_table
from pages.parts.race.captions import below_the_table
from pages.parts.race.curves import race_curves
from pages.parts.race.headline import headline
from pages.parts.race.method_panel import method_view
from pages.parts.studies import Selection, digit, live_fragment, sample_shown
from pages.parts.text import t


def race_view(shown: Selection) -> None:
    """Show a race, or a cell of a sweep as one; poll only while it lives."""
    live_fragment(shown.row, partial(_draw, shown.values), key="race_view")
    doctor_section(shown.row, shown.values)


def _draw(cell: CellValues | None, row: StudyRow) -> None:
    race = load_race(store(), row, cell)
    headline(race)
    left, right = st.columns(2)
    with left:
        _picture(race)
    with right:
        race_curves(race)
    if race.arms:
        arm_table(race.arms, key="race_table")
        below_the_table(race)
    panel = Panel.of(race)
    protocol_view(panel)
    method_view(panel)


def _picture(race: RaceData) -> None:
    newest = stored_logits.of_race(store(), race)
    if newest is None or not newest.logits:
        st.caption(t("race.no_logits_yet"))
        return
    epoch = None if race.row.alive else choose_epoch(newest.epochs)
    scrubbed = newest if epoch is None else stored_logits.of_race(store(), race, epoch=epoch)
    # The image is chosen by the result: while epochs go by, it stays.
    shown = sample_shown(newest)
    digit(scrubbed or newest, key="view_temperature", index=shown, films=not race.row.alive)
