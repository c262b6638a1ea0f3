"""What a study's stored numbers say, from made-up runs whose answers are known by hand."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kd_core.recipe import Recipe, Study
from kd_core.results import race
from kd_core.results.statistics import bootstrap_interval
from kd_core.store import EpochRow, Store
from kd_core.vocabulary import ARMS

RECIPE = Recipe.from_json(
    {
        "data": {"source": "digits"},
        "student": "mlp",
        "method": "soft_targets",
        "teacher": {"data": {"source": "digits"}, "student": {"name": "mlp", "widths": [64]}},
    }
)
# Accuracy on test by arm and seed. Distilled minus alone: 2, 3, 4 points.
ACCURACY = {"teacher": [0.97, 0.98, 0.99], "alone": [0.90, 0.91, 0.92], "distilled": [0.92, 0.94, 0.96]}
LABELS = np.array([0, 1, 0, 1])
RIGHT = {"teacher": [1, 1, 1, 1], "alone": [1, 0, 1, 0], "distilled": [1, 1, 1, 0]}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path)
    yield opened
    opened.close()


def fill(store: Store, study: Study, unfinished: Collection[int] = ()) -> str:
    """Put a study into the store as if it had run; positions in ``unfinished`` did not come to their end."""
    made = store.studies.add(study)
    facts = {"classes": ["0", "1"], "label": "Digits"}
    store.files.save_source("source", {"images": np.zeros((4, 1, 2, 2), np.uint8), "labels": LABELS}, facts)
    for position, member in enumerate(study.members):
        if member.arm != "teacher":
            store.studies.note_agreements(made, {position: {"agreement": 0.8, "kl_to_teacher": 0.1}})
        if store.studies.members(made)[position].run:
            continue  # another cell has the same recipe
        run = store.runs.begin(made, [member.recipe])[0]
        values = ACCURACY[member.arm]
        rows = [_epoch(run, 0, 0.5), _epoch(run, 1, values[member.recipe.seed])]
        store.runs.record({run: {"epoch": 2, "seconds": 3.0}}, [], rows)
        right = np.array(RIGHT[member.arm], bool)
        logits = np.eye(2, dtype=np.float32)[np.where(right, LABELS, 1 - LABELS)]
        store.files.save_logits(run, 1, {"test": logits})
        costs = {"parameters": 100 if member.arm == "teacher" else 10, "bytes": 400, "macs": 90}
        device = {"device": "cpu (an abacus)"}
        store.runs.update(run, cost=costs, source="source", execution=device)
        if position not in unfinished:
            store.runs.update(run, status="done", reported_epoch=1, finished=1.0)
    return made


def _epoch(run: str, epoch: int, accuracy: float) -> EpochRow:
    test = {"accuracy": accuracy, "nll": 1 - accuracy, "ece": 0.01, "agreement": None, "kl_to_teacher": None}
    return EpochRow(run, epoch, 0.3, {"labels": 0.3}, {"lr": 0.001}, {"validation": test, "test": test}, 1.5)


def test_the_arms_are_told_over_their_seeds(store: Store) -> None:
    found = race.arm_results(race.finished_members(store, fill(store, Study.race(RECIPE, seeds=3))))
    assert list(found) == ["teacher", "alone", "distilled"]
    accuracy = found["alone"].measures["accuracy"]
    assert accuracy is not None and accuracy.values == (0.90, 0.91, 0.92)
    assert (accuracy.mean, accuracy.sd) == pytest.approx((0.91, 0.01))
    assert (found["teacher"].parameters, found["distilled"].parameters) == (100, 10)
    assert found["distilled"].seconds == 3.0


def test_a_teacher_does_not_agree_with_itself(store: Store) -> None:
    found = race.arm_results(race.finished_members(store, fill(store, Study.race(RECIPE, seeds=2))))
    assert found["teacher"].measures["agreement"] is None
    agreement = found["distilled"].measures["agreement"]
    assert agreement is not None and agreement.mean == 0.8


def test_the_verdict_pairs_seeds(store: Store) -> None:
    judged = race.race_verdict(race.finished_members(store, fill(store, Study.race(RECIPE, seeds=3))))
    assert judged is not None and judged.difference_pp == pytest.approx(3.0)
    half = 4.30265273 / 3**0.5  # t(.975, 2) x sd 1 / sqrt 3
    assert judged.ci95_pp == pytest.approx((3 - half, 3 + half), abs=1e-6)
    assert judged.outcome == "better"


def test_one_seed_gives_no_interval(store: Store) -> None:
    judged = race.race_verdict(race.finished_members(store, fill(store, Study.race(RECIPE))))
    assert judged is not None and judged.outcome == "one seed" and judged.ci95_pp is None


@pytest.mark.parametrize("position", [7, 8], ids=["alone", "distilled"])
def test_a_seed_counts_only_when_both_students_are_finished(store: Store, position: int) -> None:
    study = fill(store, Study.race(RECIPE, seeds=3), unfinished={position})
    places = race.finished_members(store, study)
    judged = race.race_verdict(places)
    assert len(places) == 8
    assert judged is not None and judged.seeds == 2 and judged.difference_pp == pytest.approx(2.5)


def test_before_anything_is_finished_there_is_nothing_to_tell(store: Store) -> None:
    study = fill(store, Study.race(RECIPE), unfinished={0, 1, 2})
    assert race.finished_members(store, study) == []
    assert race.arm_results([]) == {} and race.race_verdict([]) is None
    told = race.race_json(store, study)
    assert told["arms"] == {} and told["verdict"] is None and told["test_set_ci95_pp"] is None


def test_the_interval_of_the_test_set_comes_from_the_stored_logits(store: Store) -> None:
    places = race.finished_members(store, fill(store, Study.race(RECIPE, seeds=2)))
    right = {arm: np.array([RIGHT[arm]] * 2, bool) for arm in ("alone", "distilled")}
    assert race.test_set_interval(store, places) == bootstrap_interval(right["distilled"], right["alone"])


def test_a_race_as_json_has_the_promised_shape(store: Store) -> None:
    study = fill(store, Study.race(RECIPE, seeds=2, preset="digits"))
    latency = [
        {"arm": arm, "batch": batch, "p50": 1.0, "p95": 2.0, "threads": 1, "device": "cpu", "runs": 9}
        for arm in ARMS
        for batch in (1, 32)
    ]
    store.studies.update(study, latency=latency)
    told: dict[str, Any] = json.loads(json.dumps(race.race_json(store, study)))
    assert (told["preset"], told["dataset"], told["seeds"]) == ("digits", "digits", 2)
    assert told["device"] == "cpu (an abacus)" and told["test_images"] == 4
    assert list(told["arms"]) == ["teacher", "alone", "distilled"]
    arm = told["arms"]["distilled"]
    promised = {"accuracy", "nll", "ece", "agreement", "parameters", "bytes", "macs", "latency_ms", "seconds"}
    assert set(arm) >= promised
    assert all(set(arm[name]) == {"mean", "sd", "values"} for name in ("accuracy", "nll", "ece", "agreement"))
    assert arm["latency_ms"] == {"p50": 1.0, "p95": 2.0, "batch": 1, "threads": 1}
    assert told["arms"]["teacher"]["agreement"] is None
    assert set(told["verdict"]) >= {"difference_pp", "ci95_pp", "outcome", "sentence"}


def test_a_single_seed_has_no_sd_in_the_json(store: Store) -> None:
    told = race.race_json(store, fill(store, Study.race(RECIPE)))
    assert told["arms"]["alone"]["accuracy"] == {"mean": 0.9, "sd": None, "values": (0.9,)}
    assert told["verdict"]["ci95_pp"] is None


def test_a_sweep_has_a_row_a_run_with_its_cell(store: Store) -> None:
    study = fill(store, Study.sweep(RECIPE, {"method.temperature": [1, 4]}, seeds=2))
    rows = race.sweep_rows(store, study)
    distilled = [row for row in rows if row["arm"] == "distilled"]
    assert [(row["method.temperature"], row["seed"]) for row in distilled] == [(1, 0), (4, 0), (1, 1), (4, 1)]
    assert [row["accuracy"] for row in distilled] == [0.92, 0.92, 0.94, 0.94]
    assert all({"nll", "ece", "agreement", "seconds", "run"} <= set(row) for row in rows)


def test_the_reported_epoch_is_what_counts(store: Store) -> None:
    study = fill(store, Study.race(RECIPE))
    run = store.studies.members(study)[1].run
    assert run is not None
    store.runs.update(run, reported_epoch=0)
    place = next(place for place in race.finished_members(store, study) if place.member.arm == "alone")
    assert place.measure("accuracy") == 0.5
