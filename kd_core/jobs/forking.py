"""Forking: a race ends where it stands, and another one goes on from there with other settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from kd_core.errors import QueueFull, Reason, RecipeMismatch, RunBusy
from kd_core.jobs.queue import pause, stop, submit
from kd_core.settings import Settings
from kd_core.store import Store
from kd_core.visitors import COMMAND_LINE, Visitor, require_owner
from kd_core.vocabulary import RESUMABLE

PAUSE_SECONDS: Final = 1.0
"""An epoch that takes longer is not waited for: its beginning is a checkpoint."""
STOP_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.02
ENDED_FOR_GOOD: Final = frozenset({"done", "diverged"})


def fork(
    store: Store,
    study: str,
    make: Callable[[int], Settings],
    *,
    data_root: Path,
    by: Visitor = COMMAND_LINE,
    most_waiting: int | None = None,
    **how: Any,
) -> str:
    """End a race where it stands, and queue the one that goes on from there; return the id of that.

    A race that others own, too, goes on for them, and the new one takes the epoch in which it was left.

    Args:
        store: where it is.
        study: the race that trains, or that was paused or stopped; its results stay.
        make: returns the race that leaves it after so many epochs.
        data_root: where torchvision sets lie.
        by: who asks.
        most_waiting: how many studies of theirs may wait; None for any number.
        how: else ``submit`` takes.

    Raises:
        RunUnknown: there is none of that id.
        NotYours: it belongs to others.
        RecipeMismatch: its distilled students have not begun, or have all come to their end; or ``make`` refuses.
        QueueFull: so many wait already.
        RunBusy: its job does not end.
    """
    require_owner(store, study, by)
    make(_epoch_to_leave(store, study))  # what is refused is refused before anything ends
    if most_waiting is not None and len(store.studies.list(["queued"], owners=[by.id])) >= most_waiting:
        raise QueueFull(count=most_waiting)
    _end_where_it_stands(store, study, by)
    child = make(_epoch_to_leave(store, study))
    if store.studies.get(study).status in RESUMABLE:
        store.studies.update(study, status="forked")
    return submit(store, child, data_root=data_root, by=by, most_waiting=most_waiting, **how)


def epoch_reached(store: Store, study: str) -> int:
    """Return after how many epochs the distilled students of a race stand that are not at their end; 0 for none."""
    students = [member for member in store.studies.member_progress(study) if member.arm == "distilled"]
    return max((member.epoch or 0 for member in students if member.status not in ENDED_FOR_GOOD), default=0)


def _epoch_to_leave(store: Store, study: str) -> int:
    epoch = epoch_reached(store, study)
    if epoch:
        return epoch
    words = "There is nothing to go on from: the distilled students of '{study}' have not begun, or are at their end."
    raise RecipeMismatch(reason=Reason("nothing_to_fork", words, study=study))


def _end_where_it_stands(store: Store, study: str, by: Visitor) -> None:
    """Pause a race, or stop it where its epoch takes long; where others own it too, only leave it."""
    if not store.studies.get(study).alive:
        return
    pause(store, study, by)
    if store.studies.stop_requested(study) != "pause" and store.studies.get(study).alive:
        return  # it goes on for those who own it, too
    if _has_ended(store, study, PAUSE_SECONDS):
        return
    stop(store, study, by)
    if not _has_ended(store, study, STOP_SECONDS):
        raise RunBusy(id=study, status=store.studies.get(study).status)


def _has_ended(store: Store, study: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while store.studies.get(study).alive:
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_SECONDS)
    return True
