"""Queue order: visitors take turns, whoever asked first, and a study knows how long it will wait."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from kd_core.store import NOBODY, AliveRow


def in_turn(alive: Iterable[AliveRow], last_served: Mapping[str, float]) -> list[AliveRow]:
    """Return the studies that wait in the order in which they will begin.

    Round robin: everybody's first study comes before anybody's second, where those that run count as earlier ones; of
    equals, the visitor who was served longest ago comes first, then the study that was asked for first. A study of
    several visitors has the best place that one of them has.

    Args:
        alive: the studies that wait or run.
        last_served: when a study of a visitor last began; whoever is not there was never served.
    """
    ahead = Counter(owner for row in alive if row.status == "running" for owner in _owners(row))
    places = {}
    waiting = sorted((row for row in alive if row.status == "queued"), key=lambda row: row.number)
    for row in waiting:
        places[row.id] = min((ahead[owner], last_served.get(owner, 0.0)) for owner in _owners(row))
        ahead.update(_owners(row))
    return sorted(waiting, key=lambda row: (*places[row.id], row.number))


def seconds_until(
    waiting: Sequence[AliveRow], running: Sequence[AliveRow], slots: int, now: float
) -> dict[str, float | None]:
    """Return by study in about how many seconds it begins; None where nobody knows how long an earlier one takes.

    Args:
        waiting: in the order in which they will begin.
        running: those that hold a place now.
        slots: how many run at once.
        now: seconds since 1970.
    """
    free_at = [0.0] * max(0, slots - len(running)) + [_seconds_left(row, now) for row in running]
    heapq.heapify(free_at)
    begins = {}
    for row in waiting:
        at = heapq.heappop(free_at)
        begins[row.id] = None if math.isinf(at) else at
        heapq.heappush(free_at, at + (math.inf if row.estimate is None else row.estimate))
    return begins


def _seconds_left(row: AliveRow, now: float) -> float:
    """Return about how long a running study still takes: no time at all where it takes longer than thought."""
    if row.estimate is None or row.started is None:
        return math.inf
    return max(0.0, row.started + row.estimate - now)


def _owners(row: AliveRow) -> frozenset[str]:
    return row.owners or frozenset({NOBODY})
