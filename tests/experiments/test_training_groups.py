"""Runs that train as lanes of one loop, and those that train by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from kd_core.experiments.groups import PendingRun, TrainingGroup
from kd_core.experiments.study_runner import run_study, side_by_side
from kd_core.recipe import Study
from kd_core.store import RunRow, Store
from tests.experiments.run_studies import assert_same_numbers, carried_out, counting
from tests.small_studies import DATA, recipe

AXES = {"method.temperature": [1, 4], "method.teacher_weight": [0.5, 1.0]}


def grid(epochs: int = 8, seeds: int = 2) -> Study:
    """A map of four cells."""
    return Study.sweep(recipe(optim__epochs=epochs), AXES, seeds=seeds)


def by_recipe(store: Store, study: str) -> dict[str, RunRow]:
    return {run.fingerprint: run for run in store.studies.runs_of(study).values()}


def test_seeds_and_cells_of_a_sweep_train_as_lanes_of_one_loop_and_say_so(store: Store) -> None:
    study = carried_out(store, grid())
    members, found = store.studies.members(study), store.studies.runs_of(study)
    lanes = {m.arm: (found[m.position].execution or {})["lanes"] for m in members}
    assert lanes == {"teacher": 2, "alone": 2, "distilled": 8}
    groups = {(found[m.position].execution or {})["group"] for m in members if m.arm == "distilled"}
    assert len(groups) == 1 and groups != {""}
    assert all(run.status == "done" for run in found.values())


def test_what_cannot_be_a_lane_trains_by_itself_and_says_why(store: Store) -> None:
    conv = {"name": "convnet", "channels": [4], "fc": 8}
    study = carried_out(store, Study.race(recipe(student=conv), seeds=2))
    members, found = store.studies.members(study), store.studies.runs_of(study)
    told = {m.arm: found[m.position].execution or {} for m in members}
    assert told["distilled"]["lanes"] == 1 and told["distilled"]["why_alone"] == "network"
    assert told["teacher"]["lanes"] == 2 and told["teacher"]["why_alone"] == ""


@pytest.mark.parametrize("asks", [8, 17, 26], ids=lambda asks: f"after {asks} events")
def test_a_sweep_that_was_stopped_half_way_goes_on_to_the_numbers_of_an_undisturbed_one(
    store: Store, tmp_path: Path, asks: int
) -> None:
    undisturbed = Store(tmp_path / "undisturbed")
    whole = by_recipe(undisturbed, carried_out(undisturbed, grid()))
    store.set_fact("checkpoint_seconds", 0.0)
    study = carried_out(store, grid(), stop_check=counting(asks, "stopped"))
    assert store.studies.get(study).status == "stopped"
    kept = {run.id for run in store.studies.runs_of(study).values() if run.status == "done"}

    store.studies.ask_resume(study, status="running")
    run_study(store, study, data_root=DATA)
    assert store.studies.get(study).status == "done"
    again = by_recipe(store, study)
    assert kept <= {run.id for run in again.values()}
    assert again.keys() == whole.keys()
    for fingerprint, run in again.items():
        assert_same_numbers((store, run.id), (undisturbed, whole[fingerprint].id))


def test_a_sweep_whose_cell_was_deleted_meanwhile_trains_what_is_left_again(store: Store) -> None:
    store.set_fact("checkpoint_seconds", 0.0)
    study = carried_out(store, grid(epochs=30), stop_check=counting(50, "stopped"))
    one = next(run for run in store.studies.runs_of(study).values() if run.status == "stopped")
    with store.database.writing() as connection:
        connection.exec_driver_sql(f"DELETE FROM runs WHERE id = '{one.id}'")
    store.files.delete(one.id)
    store.studies.ask_resume(study, status="running")
    run_study(store, study, data_root=DATA)
    assert store.studies.get(study).status == "done"
    assert all(
        run.status == "done" and run.epoch == 30 for run in store.studies.runs_of(study).values() if run.epochs == 30
    )


def test_a_cell_that_diverges_is_told_and_the_others_of_its_loop_come_to_their_end(store: Store) -> None:
    wild = recipe(optim__algorithm="sgd", optim__epochs=20, optim__weight_decay=1)
    study = carried_out(store, Study.sweep(wild, {"optim.lr": [0.01, 10]}))
    members, found = store.studies.members(study), store.studies.runs_of(study)
    ends = {m.cell["optim.lr"]: found[m.position].status for m in members if m.arm == "distilled"}
    assert ends == {0.01: "done", 10: "diverged"}
    assert store.studies.get(study).status == "done"


def test_memory_bounds_how_many_cells_train_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kd_core.experiments.groups._bytes_of_lane", lambda recipe, study: 2**30)
    study = carried_out(store, grid(epochs=2))
    members, found = store.studies.members(study), store.studies.runs_of(study)
    lanes = {(found[m.position].execution or {})["lanes"] for m in members if m.arm == "distilled"}
    assert max(lanes) <= 3
    assert all(run.status == "done" for run in found.values())


def test_label_noise_learning_rate_and_decay_are_lanes_too(store: Store) -> None:
    axes = {"data.label_noise": [0.0, 0.4], "optim.lr": [0.003, 0.01], "optim.weight_decay": [0.0, 0.01]}
    study = carried_out(store, Study.sweep(recipe(optim__epochs=2), axes))
    members, found = store.studies.members(study), store.studies.runs_of(study)
    assert {(found[m.position].execution or {})["lanes"] for m in members if m.arm == "distilled"} == {8}
    first = {tuple(m.cell.values()): found[m.position].id for m in members if m.arm == "distilled"}
    losses = {cell: store.runs.epochs([run])[0].loss for cell, run in first.items()}
    assert len(set(losses.values())) == 8


def test_a_student_alone_goes_with_its_distilled_twin_and_crews_of_one_kind_follow_each_other() -> None:
    conv = {"name": "convnet", "channels": [4], "fc": 8}
    race = Study.race(recipe(student=conv), seeds=3)
    students = [
        TrainingGroup([[PendingRun(str(place), m.recipe)]])
        for place, m in enumerate(race.members)
        if m.arm != "teacher"
    ]
    told = [[(group.recipe.seed, group.recipe.teacher is None) for group in pair] for pair in side_by_side(students)]
    assert told == [[(seed, True), (seed, False)] for seed in range(3)]
