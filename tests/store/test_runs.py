"""Runs in the store: what they tell comes back, curves are thinned, and a checkpoint is where they go on."""

from __future__ import annotations

import numpy as np

from kd_core.errors import NumbersBroke
from kd_core.store import Store, error_json
from kd_core.store.runs import KEPT_POINTS
from tests.small_studies import recipe, solo
from tests.store.example_rows import begun, epoch, point, race


def test_everything_a_run_tells_comes_back_also_to_another_process(store: Store) -> None:
    study = store.studies.add(race())
    run = begun(store, study, 2)
    cost, execution = {"parameters": 10, "macs": 20}, {"device": "cpu", "threads": 1}
    progress = {run: {"epoch": 2, "step": 20, "steps": 30, "seconds": 1.0}}
    store.runs.record(progress, [point(run, 5)], [epoch(run, 0)])
    store.runs.record({}, [point(run, 15)], [epoch(run, 1)])
    broke = error_json(NumbersBroke(step=7, term="teacher", value=float("inf")))
    store.runs.update(run, status="diverged", cost=cost, execution=execution, error=broke, source="abc")
    store.studies.note_agreements(study, {2: {"agreement": 0.9, "kl_to_teacher": 0.1}})

    other = Store(store.home)
    row = other.runs.get(run)
    assert (row.status, row.epoch, row.step, row.steps, row.seconds, row.epochs) == ("diverged", 2, 20, 30, 1.0, 3)
    assert (row.cost, row.execution, row.source, row.error) == (cost, execution, "abc", broke)
    assert row.recipe == recipe().to_json()
    assert other.runs.epochs([run]) == [epoch(run, 0), epoch(run, 1)]
    assert other.runs.epochs([run], after=0) == [epoch(run, 1)]
    assert other.runs.points([run]) == [point(run, 5), point(run, 15)]
    assert other.runs.points([run], after=5) == [point(run, 15)]
    assert other.studies.runs_of(study) == {2: row}
    assert other.studies.members(study)[2].against_teacher == {"agreement": 0.9, "kl_to_teacher": 0.1}
    assert other.studies.of_run(run) == study
    other.close()


def test_a_long_curve_is_thinned_but_keeps_its_ends(store: Store) -> None:
    run = begun(store, store.studies.add(solo()))
    for start in range(1, 5001, 100):
        store.runs.record({}, [point(run, step) for step in range(start, start + 100)], [])
    steps = [one.step for one in store.runs.points([run])]
    assert KEPT_POINTS <= len(steps) <= 2 * KEPT_POINTS + 100
    assert (steps[0], steps[-1]) == (1, 5000)
    assert steps == sorted(set(steps))


def test_rewind_forgets_what_came_after_a_checkpoint(store: Store) -> None:
    run = begun(store, store.studies.add(solo()))
    points, epochs = [point(run, step) for step in range(5, 45, 10)], [epoch(run, number) for number in range(4)]
    store.runs.record({run: {"epoch": 4, "step": 40, "seconds": 2.0}}, points, epochs)
    for number in range(4):
        store.files.save_logits(run, number, {"test": np.zeros((1, 2))})
    (store.home / "runs" / run / "weights.12.partial").touch()
    store.runs.update(run, status="lost", error={"code": "x"})

    store.runs.rewind([run], 2, 20)
    row = store.runs.get(run)
    assert (row.status, row.epoch, row.step, row.seconds, row.error) == ("running", 2, 20, 1.0, None)
    assert [one.epoch for one in store.runs.epochs([run])] == [0, 1]
    assert [one.step for one in store.runs.points([run])] == [5, 15]
    assert store.files.kept_epochs(run) == [0, 1]
    assert not list(store.home.rglob("*.partial"))
