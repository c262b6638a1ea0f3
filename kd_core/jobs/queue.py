"""Queue: what a page asks of jobs, by way of the store."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from kd_core.jobs.client import ensure_supervisor
from kd_core.jobs.locks import wake
from kd_core.jobs.lost import mark_ended
from kd_core.settings import Settings
from kd_core.store import Store
from kd_core.visitors import COMMAND_LINE, Visitor, give_up, in_turn, require_owner, seconds_until
from kd_core.vocabulary import ENDS

SERVER_BYTES: Final = 2 * 10**9
"""What the system, the servers and the supervisor keep for themselves."""
JOB_BYTES: Final = 2 * 10**9
"""What a study of images takes at most, as a rule."""
CONTAINER_LIMITS: Final = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def submit(
    store: Store,
    study: Settings,
    *,
    data_root: Path,
    name: str = "",
    fresh: bool = False,
    device: str = "auto",
    precision: str = "auto",
    by: Visitor = COMMAND_LINE,
    join: Collection[str] = (),
    most_waiting: int | None = None,
    estimate: float | None = None,
) -> str:
    """Queue a study, make sure that somebody serves the queue, and return the study's id.

    Args:
        store: where it goes.
        study: a ``Study``.
        data_root: where torchvision sets lie.
        name: how a person calls it.
        fresh: train students again instead of taking finished runs of the same recipes.
        device: where to train: "auto", "cpu", "cuda" or "mps".
        precision: "auto" for the fastest way measured here, or "float32".
        by: who asks, and will own it.
        join: the states in which a study that was asked for alike is shared instead; never one that is ``fresh``.
        most_waiting: how many studies of theirs may wait; None for any number.
        estimate: how many seconds it will take.

    Raises:
        QueueFull: so many wait already.
    """
    study_id = store.studies.add(
        study,
        name=name,
        fresh=fresh,
        device=device,
        precision=precision,
        owner=by.id,
        join=join,
        most_waiting=most_waiting,
        estimate=estimate,
    )
    ensure_supervisor(store.home, data_root)
    wake(store.home)
    return study_id


def stop(store: Store, study: str, by: Visitor = COMMAND_LINE) -> None:
    """Stop a study: at once where it waits, else politely for a second; its last checkpoint stays.

    One that others own, too, goes on for them, and belongs to this visitor no longer.

    Raises:
        RunUnknown: there is none of that id.
        NotYours: it belongs to others.
    """
    _end(store, study, by, "stop")


def pause(store: Store, study: str, by: Visitor = COMMAND_LINE) -> None:
    """Pause a study: at once where it waits, else at the end of the epoch that it is in, so that nothing is lost.

    Its place goes to the next one that waits. One that others own, too, goes on for them, as with ``stop``.

    Raises:
        RunUnknown: there is none of that id.
        NotYours: it belongs to others.
    """
    _end(store, study, by, "pause")


def _end(store: Store, study: str, by: Visitor, wish: str) -> None:
    if not give_up(store, study, by) and store.studies.get(study).alive:
        store.studies.ask_stop(study, wish)
        mark_ended(store, study, ENDS[wish])  # where its job has died and nobody noticed
        wake(store.home)


def resume(store: Store, study: str, data_root: Path, by: Visitor = COMMAND_LINE) -> None:
    """Queue a study again that did not come to its end; it goes on from its last checkpoints.

    Raises:
        RunUnknown: there is none of that id.
        NotYours: it belongs to others.
        NothingToResume: it is done, or still alive.
    """
    require_owner(store, study, by)
    store.studies.ask_resume(study)
    ensure_supervisor(store.home, data_root)
    wake(store.home)


@dataclass(frozen=True)
class QueuePlace:
    """Where a waiting study stands.

    Args:
        ahead: how many studies will begin before it.
        seconds: in about how many it begins; None where nobody knows.
    """

    ahead: int
    seconds: float | None


def queue_places(store: Store) -> dict[str, QueuePlace]:
    """Return where every waiting study stands."""
    alive = store.owners.alive()
    waiting, running = in_turn(alive, store.owners.last_served()), [row for row in alive if row.status == "running"]
    seconds = seconds_until(waiting, running, slots(store), time.time())
    return {row.id: QueuePlace(ahead, seconds[row.id]) for ahead, row in enumerate(waiting)}


def slots(store: Store) -> int:
    """Return how many studies are carried out at once; by default one for every two cores, as far as memory allows."""
    return int(store.fact("slots") or default_slots(_cores(), _memory_bytes()))


def default_slots(cores: int, memory: int) -> int:
    """Return how many studies a machine of so many cores and so many bytes of memory carries out at once."""
    return max(1, min(cores // 2, (memory - SERVER_BYTES) // JOB_BYTES))


def set_slots(store: Store, count: int) -> None:
    """Set how many studies are carried out at once; those that run already go on."""
    store.set_fact("slots", max(1, count))
    wake(store.home)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory_bytes() -> int:
    """Return how much memory there is: a container's share, or the machine's."""
    limits = [int(psutil.virtual_memory().total)]
    for path in CONTAINER_LIMITS:
        with suppress(OSError, ValueError):  # not in a container, or "max"
            limits.append(int(Path(path).read_text()))
    return min(limits)
