"""Small studies on digits that train for about as long as a test needs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kd_core.recipe import Member, Recipe, Study
from kd_core.store import Store

DATA = Path("/nowhere")  # digits need no files


def recipe(**changes: Any) -> Recipe:
    """A student of 8 hidden units that learns from one of 32, three epochs each."""
    optim = {"lr": 0.005, "batch": 64, "epochs": 3}
    data = {"source": "digits"}
    values = {
        "data": {**data, "labelled": 200},
        "student": {"name": "mlp", "widths": [8]},
        "method": {"name": "soft_targets", "temperature": 4, "teacher_weight": 0.9},
        "optim": optim,
        "teacher": {"data": data, "student": {"name": "mlp", "widths": [32]}, "optim": optim},
    }
    return Recipe.from_json(values).changed({name.replace("__", "."): value for name, value in changes.items()})


def solo(epochs: int = 400, seed: int = 0, **changes: Any) -> Study:
    """One network without a teacher; 400 epochs take some seconds, and so several checkpoints."""
    one = recipe(**{"data__labelled": None, "optim__epochs": epochs, **changes}).baseline().seeded(seed)
    return Study(kind="sweep", members=(Member(arm="alone", recipe=one),))


def often_checkpointed(home: Path) -> Store:
    """A store whose jobs keep a checkpoint five times a second."""
    store = Store(home)
    store.set_fact("checkpoint_seconds", 0.2)
    return store


def eventually(question: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Return the first answer that is true."""
    until = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < until, "it did not come to be"
        time.sleep(0.02)
    return answer


def ended(store: Store, study: str, seconds: float = 60.0) -> str:
    """Return the status in which a study ended."""
    eventually(lambda: not store.studies.get(study).alive, seconds)
    return store.studies.get(study).status


def epoch_of(store: Store, study: str) -> int:
    """Return how many epochs the first run of a study has told."""
    rows = store.studies.runs_of(study)
    return rows[0].epoch if 0 in rows else 0
