"""Pulses: what a page looks at several times a second while a study lives, read once for everybody on this server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, Final

from kd_core import jobs
from kd_core.jobs import QueuePlace
from pages.parts.app import store

FRESH_SECONDS: Final = 0.25
"""What was read so lately is not read again."""
LOOKING_SECONDS: Final = 3.0
MOST_KEPT: Final = 500

_read: dict[Hashable, tuple[float, Any]] = {}
_lookers: dict[str, float] = {}
_lock = threading.Lock()


def pulse(study: str) -> tuple[Any, ...]:
    """Return a few values that change whenever a study or its place in the queue does; lost studies are found."""
    _fresh(("lost", store().home), 1.0, lambda: jobs.mark_lost(store()))
    beat = _fresh((study, store().home), FRESH_SECONDS, lambda: store().studies.pulse(study))
    place = queue_places().get(study) if beat and beat[0] == "queued" else None
    return (*beat, place.ahead, place.seconds and round(place.seconds / 5)) if place else tuple(beat)


def queue_places() -> dict[str, QueuePlace]:
    """Return where every waiting study stands."""
    places: dict[str, QueuePlace] = _fresh(
        ("queue", store().home), 2 * FRESH_SECONDS, lambda: jobs.queue_places(store())
    )
    return places


def looks(session: str) -> None:
    """Note that somebody looks at a living study."""
    _lookers[session] = time.monotonic()


def lookers() -> int:
    """Return how many people look at living studies just now."""
    lately = time.monotonic() - LOOKING_SECONDS
    for session in [session for session, at in list(_lookers.items()) if at < lately]:
        _lookers.pop(session, None)
    return len(_lookers)


def _fresh(key: Hashable, seconds: float, read: Callable[[], Any]) -> Any:
    """Return what was read at most so many seconds ago; one thread reads while the others take what was there."""
    now = time.monotonic()
    at, value = _read.get(key, (-seconds, None))
    if now - at < seconds:
        return value
    with _lock:
        at, value = _read.get(key, (-seconds, None))
        if now - at >= seconds:
            if len(_read) >= MOST_KEPT:
                _read.clear()
            value = read()
            _read[key] = (time.monotonic(), value)
    return value
