"""What the benchmark of kills takes for a difference."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.kills import differences, finished_runs, numbers
from kd_core.store import Store
from tests.experiments.run_studies import carried_out
from tests.small_studies import solo


def test_the_same_study_trained_twice_differs_in_nothing_and_another_in_its_weights(tmp_path: Path) -> None:
    stores = [Store(tmp_path / name) for name in ("one", "two", "three")]
    found = [numbers(store, carried_out(store, solo(2, seed))) for store, seed in zip(stores, (0, 0, 1), strict=True)]
    assert any("weights" in where for where in found[0]) and any("logits" in where for where in found[0])
    assert differences(found[0], found[1]) == []
    assert differences(found[0], found[2]) != []
    for store in stores:
        store.close()


def test_a_number_that_is_missing_or_of_another_value_is_told() -> None:
    expected = {"a": np.zeros(2), "b": 1, "c": np.ones(1)}
    found = {"a": np.array([0.0, 1e-9]), "b": 2, "d": 3}
    assert differences(expected, found) == [
        ("a", "other values"),
        ("b", "1 became 2"),
        ("c", "missing"),
        ("d", "one too many"),
    ]


def test_a_finished_run_that_lost_its_weights_is_not_what_it_was(tmp_path: Path) -> None:
    store = Store(tmp_path)
    study = carried_out(store, solo(2))
    before = finished_runs(store, study)
    assert len(before) == 1 and finished_runs(store, study) == before
    next((tmp_path / "runs").rglob("weights.safetensors")).unlink()
    assert finished_runs(store, study) != before
    store.close()
