"""Studies, runs, epochs and points as a store is given them."""

from __future__ import annotations

import time

from kd_core.recipe import Study
from kd_core.store import EpochRow, PointRow, Store
from tests.small_studies import recipe


def race(seeds: int = 1) -> Study:
    return Study.race(recipe(), seeds, preset="digits")


def epoch(run: str, number: int, seconds: float = 0.5) -> EpochRow:
    scores: dict[str, dict[str, float | None]] = {
        "validation": {"accuracy": 0.8, "nll": 0.7},
        "test": {"accuracy": 0.9, "nll": 0.5, "agreement": None},
    }
    return EpochRow(
        run, number, 1.5, {"labels": 0.5, "teacher": 1.0}, {"lr": 0.005, "temperature": 4.0}, scores, seconds
    )


def point(run: str, step: int) -> PointRow:
    return PointRow(run, step, step / 10, {"labels": 1.0 / step})


def begun(store: Store, study: str, position: int = 0) -> str:
    member = Study.from_json(store.studies.get(study).spec).members[position]
    return store.runs.begin(study, [member.recipe])[0]


def finished(store: Store, study: str, position: int = 0) -> str:
    run = begun(store, study, position)
    store.runs.update(run, status="done", finished=time.time(), reported_epoch=2)
    return run
