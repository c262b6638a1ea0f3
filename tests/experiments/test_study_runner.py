"""A study carried out: who is trained, who is reused, and that numbers do not depend on company."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kd_core.recipe import Study
from kd_core.results.race import race_json
from kd_core.store import Store
from tests.experiments.run_studies import alone, assert_same_numbers, carried_out, logits, runs
from tests.small_studies import recipe


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """A race over two seeds, carried out."""
    made = Store(tmp_path_factory.mktemp("raced"))
    yield made, carried_out(made, Study.race(recipe(), seeds=2))
    made.close()


# A race


def test_a_race_trains_teacher_alone_and_distilled_for_every_seed(raced: tuple[Store, str]) -> None:
    store, study = raced
    assert store.studies.get(study).status == "done"
    members, rows = store.studies.members(study), runs(store, study)
    assert [(m.arm, m.seed) for m in members] == [
        (arm, seed) for seed in (0, 1) for arm in ("teacher", "alone", "distilled")
    ]
    assert len({row.id for row in rows}) == 6
    for row in rows:
        assert (row.status, row.epoch, row.epochs, row.reported_epoch, row.error) == ("done", 3, 3, 2, None)
        assert row.seconds > 0 and row.step == row.steps
        assert row.cost is not None and row.execution is not None
        assert [one.epoch for one in store.runs.epochs([row.id])] == [0, 1, 2]
        assert store.files.kept_epochs(row.id) == [0, 1, 2]
        assert store.files.weights(row.id) is not None
        assert store.files.checkpoint(row.id) is None


def test_students_are_compared_with_the_teacher_of_their_seed_and_timed_side_by_side(raced: tuple[Store, str]) -> None:
    store, study = raced
    for member in store.studies.members(study):
        if member.arm == "teacher":
            assert member.against_teacher is None
        else:
            assert member.against_teacher is not None
            assert 0 < member.against_teacher["agreement"] <= 1
            assert member.against_teacher["kl_to_teacher"] > 0
    latency = store.studies.get(study).latency
    assert latency is not None
    assert {row["arm"] for row in latency} == {"teacher", "alone", "distilled"}


def test_stored_logits_give_the_stored_accuracy(raced: tuple[Store, str]) -> None:
    store, study = raced
    for row in runs(store, study):
        assert row.source is not None
        source = store.files.source(row.source)
        answers = store.files.logits(row.id, 2)
        assert source is not None and answers is not None
        right = float((answers.argmax(1) == source[0]["labels"]).mean())
        assert right == pytest.approx(store.runs.epochs([row.id])[-1].scores["test"]["accuracy"], abs=1e-6)


def test_the_same_race_again_trains_nothing(raced: tuple[Store, str]) -> None:
    store, first = raced
    again = carried_out(store, Study.race(recipe(), seeds=2))
    assert [row.id for row in runs(store, again)] == [row.id for row in runs(store, first)]
    assert all(member.reused for member in store.studies.members(again))
    assert all(m.against_teacher for m in store.studies.members(again) if m.arm != "teacher")
    assert store.studies.get(again).status == "done"


def test_a_fresh_race_trains_its_students_again_to_the_same_numbers_but_not_its_teachers(
    raced: tuple[Store, str],
) -> None:
    store, first = raced
    fresh = carried_out(store, Study.race(recipe(), seeds=2), fresh=True)
    for old, new, member in zip(runs(store, first), runs(store, fresh), store.studies.members(fresh), strict=False):
        if member.arm == "teacher":
            assert member.reused and new.id == old.id
        else:
            assert not member.reused and new.id != old.id
            assert_same_numbers((store, old.id), (store, new.id))


def test_a_student_trained_by_itself_equals_the_one_that_was_trained_in_a_race(store: Store, tmp_path: Path) -> None:
    raced, crowd = carried_out(store, Study.race(recipe(), seeds=1)), Store(tmp_path / "another")
    by_itself = carried_out(crowd, alone(recipe().baseline()))
    place = next(m for m in store.studies.members(raced) if m.arm == "alone")
    assert place.run is not None
    assert_same_numbers((store, place.run), (crowd, runs(crowd, by_itself)[0].id))


def test_a_lane_of_a_race_equals_the_student_trained_by_itself_to_the_last_digits(
    raced: tuple[Store, str], store: Store
) -> None:
    crowd, study = raced
    by_itself = runs(store, carried_out(store, alone(recipe().baseline().seeded(1))))[0]
    lane = next(
        crowd.runs.get(m.run) for m in crowd.studies.members(study) if (m.arm, m.seed) == ("alone", 1) and m.run
    )
    assert lane.execution is not None and lane.execution["lanes"] == 2
    assert by_itself.execution is not None and by_itself.execution["lanes"] == 1
    for number, values in logits(store, by_itself.id).items():
        np.testing.assert_allclose(logits(crowd, lane.id)[number], values, atol=5e-3)
    weights, others = store.files.weights(by_itself.id), crowd.files.weights(lane.id)
    assert weights is not None and others is not None
    for name in weights:
        np.testing.assert_allclose(others[name], weights[name], atol=1e-4)


def test_an_earlier_run_can_teach_all_seeds_and_counts_once(store: Store) -> None:
    first = carried_out(store, Study.race(recipe()))
    earlier = next(m.run for m in store.studies.members(first) if m.arm == "teacher")
    study = carried_out(store, Study.race(recipe(), seeds=3, one_teacher=True))
    members = store.studies.members(study)
    assert {member.run for member in members if member.arm == "teacher"} == {earlier}
    assert [member.seed for member in members if member.arm == "distilled"] == [0, 1, 2]
    assert all(member.against_teacher for member in members if member.arm != "teacher")
    told = race_json(store, study)
    assert len(told["arms"]["teacher"]["accuracy"]["values"]) == 1
    assert told["verdict"]["seeds"] == 3


# Other studies


def test_early_stopping_reports_the_best_epoch_on_validation(store: Store) -> None:
    study = carried_out(store, alone(recipe(optim__epochs=200, optim__patience=2, optim__lr=0.02).baseline()))
    row = runs(store, study)[0]
    rows = store.runs.epochs([row.id])
    assert row.status == "done" and len(rows) < 200
    ranks = [(one.scores["validation"]["accuracy"], -(one.scores["validation"]["nll"] or 0)) for one in rows]
    best = max(range(len(rows)), key=lambda number: ranks[number])
    assert row.reported_epoch == best == len(rows) - 3
    assert store.files.logits(row.id, best) is not None


def test_a_sweep_with_early_stopping_keeps_the_reported_epoch(store: Store) -> None:
    hasty = recipe(optim__epochs=60, optim__patience=3)
    study = carried_out(store, Study.sweep(hasty, {"method.temperature": [2]}))
    for run in runs(store, study):
        if run.recipe["optim"]["patience"]:
            assert run.reported_epoch in store.files.kept_epochs(run.id)


def test_a_cell_of_a_sweep_keeps_the_logits_of_its_best_and_its_last_epoch_alone(store: Store) -> None:
    study = carried_out(store, Study.sweep(recipe(optim__epochs=8), {"method.temperature": [2]}))
    for run in runs(store, study):
        rows = store.runs.epochs([run.id])
        best = max(rows, key=lambda row: (row.scores["validation"]["accuracy"] or 0, row.epoch))
        assert store.files.kept_epochs(run.id) == sorted({best.epoch, run.epochs - 1})


def test_equal_recipes_in_a_sweep_are_trained_once(store: Store) -> None:
    axes = {"method.temperature": [2, 8]}
    study = carried_out(store, Study.sweep(recipe(), axes))
    members = store.studies.members(study)
    assert store.studies.get(study).status == "done"
    assert len(members) == 6 and len({member.run for member in members}) == 4


def test_the_same_recipe_in_two_stores_gives_identical_numbers(store: Store, tmp_path: Path) -> None:
    twin = Store(tmp_path / "twin")
    dropping = recipe(student__dropout=0.3, data__augmentation="shift", data__label_noise=0.2).baseline()
    one, other = carried_out(store, alone(dropping)), carried_out(twin, alone(dropping))
    assert_same_numbers((store, runs(store, one)[0].id), (twin, runs(twin, other)[0].id))
    twin.close()


def test_on_a_sweep_over_teachers_the_student_alone_is_judged_against_each_cells_own(store: Store) -> None:
    study = carried_out(store, Study.sweep(recipe(), {"teacher.optim.epochs": [1, 4]}))
    members = store.studies.members(study)
    for cell in ({"teacher.optim.epochs": 1}, {"teacher.optim.epochs": 4}):
        arms = {member.arm: member for member in members if member.cell == cell}
        teacher, alone_ = (last_logits(store, arms[arm].run) for arm in ("teacher", "alone"))
        expected = float((teacher.argmax(-1) == alone_.argmax(-1)).mean())
        assert (arms["alone"].against_teacher or {})["agreement"] == pytest.approx(expected)


def last_logits(store: Store, run: str | None) -> np.ndarray:
    values = store.files.logits(run or "", store.runs.get(run or "").reported_epoch or 0)
    assert values is not None
    return values
