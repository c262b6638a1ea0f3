"""Queue: what a page asks of jobs, by way of the store."""

from __future__ import annotations

import os
from pathlib import Path

from kd_core.jobs.client import ensure_supervisor
from kd_core.jobs.locks import wake
from kd_core.jobs.lost import mark_ended
from kd_core.settings import Settings
from kd_core.store import Store


def submit(
    store: Store,
    study: Settings,
    *,
    data_root: Path,
    name: str = "",
    fresh: bool = False,
    device: str = "auto",
    precision: str = "auto",
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
    """
    study_id = store.studies.add(study, name=name, fresh=fresh, device=device, precision=precision)
    ensure_supervisor(store.home, data_root)
    wake(store.home)
    return study_id


def stop(store: Store, study: str) -> None:
    """Stop a study: at once where it waits, else politely for a second; its last checkpoint stays.

    Raises:
        RunUnknown: there is none of that id.
    """
    if store.studies.get(study).alive:
        store.studies.ask_stop(study)
        mark_ended(store, study, "stopped")  # where its job has died and nobody noticed
        wake(store.home)


def resume(store: Store, study: str, data_root: Path) -> None:
    """Queue a study again that did not come to its end; it goes on from its last checkpoints.

    Raises:
        RunUnknown: there is none of that id.
        NothingToResume: it is done, or still alive.
    """
    store.studies.ask_resume(study)
    ensure_supervisor(store.home, data_root)
    wake(store.home)


def slots(store: Store) -> int:
    """Return how many studies are carried out at once; by default one for every two cores."""
    return int(store.fact("slots", max(1, _cores() // 2)))


def set_slots(store: Store, count: int) -> None:
    """Set how many studies are carried out at once; those that run already go on."""
    store.set_fact("slots", max(1, count))
    wake(store.home)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
