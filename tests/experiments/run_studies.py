"""Studies carried out here and now, and the numbers that they leave in a store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kd_core.experiments.study_runner import run_study
from kd_core.recipe import Member, Recipe, Study
from kd_core.store import RunRow, Store
from tests.small_studies import DATA


def carried_out(store: Store, study: Study, stop_check: Callable[[], str] = lambda: "", **how: Any) -> str:
    made = store.studies.add(study, **how)
    run_study(store, made, data_root=DATA, stop_check=stop_check)
    return made


def runs(store: Store, study: str) -> list[RunRow]:
    return list(dict(sorted(store.studies.runs_of(study).items())).values())


def alone(one: Recipe) -> Study:
    return Study(kind="race", members=(Member(arm="alone", recipe=one),))


def logits(store: Store, run: str) -> dict[int, np.ndarray]:
    kept = {number: store.files.logits(run, number) for number in store.files.kept_epochs(run)}
    return {number: values for number, values in kept.items() if values is not None}


def marks(store: Store, run: str) -> list[tuple[Any, ...]]:
    return [(row.epoch, row.loss, row.terms, row.applied, row.scores) for row in store.runs.epochs([run])]


def assert_same_numbers(one: tuple[Store, str], other: tuple[Store, str]) -> None:
    assert marks(*one) == marks(*other)
    mine, theirs = logits(*one), logits(*other)
    assert mine.keys() == theirs.keys() and mine
    for number in mine:
        np.testing.assert_array_equal(mine[number], theirs[number])
    weights, others = one[0].files.weights(one[1]), other[0].files.weights(other[1])
    assert weights is not None and others is not None
    for name in weights:
        np.testing.assert_array_equal(weights[name], others[name])


def counting(limit: int, answer: str) -> Callable[[], str]:
    """Ask ``limit`` times in vain; then ``answer``."""
    asked = iter(range(limit))
    return lambda: "" if next(asked, None) is not None else answer
