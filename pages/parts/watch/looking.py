"""Looking: a fragment without any element that polls while a study lives, and has drawn what has changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from kd_core.vocabulary import ALIVE
from pages.parts.app import link
from pages.parts.watch import pulses
from pages.parts.watch.redraw import part_in_browser, redraw_fragment, this_session

POLL_SECONDS = 0.4
CROWD, CROWD_POLL_SECONDS = 8, 1.0
"""So many people look twice a second; more look less often, and a server of two cores has time to answer them."""
SHARE = 0.5
"""How much of a core drawing what changed may take, all who look together."""
LIVING = "living_fragment"
"""The session's key of what the page that is drawn just now shows of a living study: its id, and the fragment's key."""


def look_at(study: str, key: str) -> None:
    """Have a fragment of this page looked after, once the page is drawn.

    Args:
        study: that it shows, alive.
        key: of the fragment.
    """
    st.session_state[LIVING] = (study, key)


def drawn(key: str, beat: tuple[object, ...], seconds: float) -> None:
    """Note what a fragment shows.

    Args:
        key: of the fragment.
        beat: the study's pulse, from before it was read.
        seconds: that drawing took of the processor.
    """
    st.session_state[f"{key}_drawn"] = (beat, time.monotonic(), seconds)


@contextmanager
def looking() -> Iterator[None]:
    """Draw a page inside the block, and look after the living study that it shows.

    The timer starts when the page is drawn. A poll that meets the end of a page's run costs that run's end, on which
    the browser clears away what stood there before (Streamlit 1.67).
    """
    st.session_state.pop(LIVING, None)
    yield
    if living := st.session_state.get(LIVING):
        every = POLL_SECONDS if pulses.lookers() < CROWD else CROWD_POLL_SECONDS
        st.fragment(_look, run_every=every, key="look")(*living)


def _look(study: str, key: str) -> None:
    """Have a study drawn that has changed since, as often as there is time for it; draw nothing here."""
    pulses.looks(this_session())
    beat = pulses.pulse(study)
    if not beat or beat[0] not in ALIVE or _browser_is_behind():
        st.rerun()  # the page then offers what can be done now, and nothing looks at what has ended
    shown, at, cost = st.session_state.get(f"{key}_drawn", ((), 0.0, 0.0))
    if beat != shown and time.monotonic() - at >= pulses.lookers() * cost / SHARE:
        redraw_fragment(key)


def _browser_is_behind() -> bool:
    """Tell whether the browser has missed which study the page shows, twice in a row.

    Where a poll arrives in the moment in which a page has been drawn, Streamlit 1.67 sends nothing of it: a press of
    Start would be carried out and never be seen.
    """
    missed = part_in_browser("study") != link.get("study")
    again = missed and st.session_state.get("browser_missed", False)
    st.session_state["browser_missed"] = missed and not again
    return again
