"""Pulses: what a page looks at several times a second while a study lives, read once for everybody on this server."""

from __future__ import annotations

import time
from typing import Any, Final

import streamlit as st

from kd_core import jobs
from kd_core.jobs import QueuePlace
from pages.parts.app import store

FRESH_SECONDS: Final = 0.25
"""What was read so lately is not read again."""
LOOKING_SECONDS: Final = 3.0
MOST_KEPT: Final = 500

_lookers: dict[str, float] = {}


def pulse(study: str) -> tuple[Any, ...]:
    """Return a few values that change whenever a study or its place in the queue does; lost studies are found."""
    _find_lost(str(store().home))
    beat = _beat(str(store().home), study)
    place = queue_places().get(study) if beat and beat[0] == "queued" else None
    return (*beat, place.ahead, place.seconds and round(place.seconds / 5)) if place else beat


def queue_places() -> dict[str, QueuePlace]:
    """Return where every waiting study stands."""
    return _places(str(store().home))


def looks(session: str) -> None:
    """Note that somebody looks at a living study."""
    _lookers[session] = time.monotonic()


def lookers() -> int:
    """Return how many people look at living studies just now."""
    lately = time.monotonic() - LOOKING_SECONDS
    for session in [session for session, at in list(_lookers.items()) if at < lately]:
        _lookers.pop(session, None)
    return len(_lookers)


@st.cache_resource(ttl=FRESH_SECONDS, max_entries=MOST_KEPT, show_spinner=False)
def _beat(home: str, study: str) -> tuple[Any, ...]:
    return store().studies.pulse(study)


@st.cache_resource(ttl=2 * FRESH_SECONDS, max_entries=4, show_spinner=False)
def _places(home: str) -> dict[str, QueuePlace]:
    return jobs.queue_places(store())


@st.cache_resource(ttl=4 * FRESH_SECONDS, max_entries=4, show_spinner=False)
def _find_lost(home: str) -> list[str]:
    return jobs.mark_lost(store())
