"""Races that are paused, and races that leave another one in mid-run with other settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kd_core.experiments.study_runner import run_study
from kd_core.jobs import epoch_reached
from kd_core.recipe import Member, Recipe, Study
from kd_core.store import RunRow, Store
from tests.experiments.run_studies import assert_same_numbers, carried_out
from tests.small_studies import DATA, recipe

EPOCHS = 8


def race(seeds: int = 2, **changes: Any) -> Study:
    """A race whose distilled students are lanes of one loop where there are several seeds."""
    return Study.race(recipe(optim__epochs=EPOCHS, **changes), seeds=seeds)


def distilled(store: Store, study: str) -> list[RunRow]:
    """The distilled students' runs, by seed."""
    found = store.studies.runs_of(study)
    return [found[m.position] for m in store.studies.members(study) if m.arm == "distilled" and m.position in found]


@pytest.fixture(autouse=True)
def told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every epoch is in the store before the next question, so that a test can end a study in one of its epochs."""
    monkeypatch.setattr("kd_core.experiments.recorder.WRITE_SECONDS", 0.0)


def once_at(store: Store, epoch: int, answer: str) -> Callable[[], str]:
    """Answer as soon as the distilled students of the newest study have come to an epoch."""
    return lambda: answer if epoch_reached(store, store.studies.list(limit=1)[0].id) >= epoch else ""


def paused(store: Store, study: Study, epoch: int = 3) -> str:
    """Carry out a study that is paused when its distilled students have come to an epoch."""
    made = carried_out(store, study, once_at(store, epoch, "paused"))
    assert store.studies.get(made).status == "paused"
    assert {run.epoch for run in distilled(store, made)} == {epoch}
    return made


def assert_same_students(one: tuple[Store, str], other: tuple[Store, str]) -> None:
    pairs = list(zip(distilled(*one), distilled(*other), strict=True))
    assert pairs and all(mine.status == theirs.status == "done" for mine, theirs in pairs)
    for mine, theirs in pairs:
        assert_same_numbers((one[0], mine.id), (other[0], theirs.id))


@pytest.fixture
def straight(tmp_path: Path) -> Any:
    made = Store(tmp_path / "straight")
    yield made
    made.close()


def test_a_paused_race_keeps_every_epoch_of_both_students_and_goes_on_to_the_same_numbers(
    store: Store, straight: Store
) -> None:
    whole = carried_out(straight, race())
    study = paused(store, race())
    students = [run for run in store.studies.runs_of(study).values() if run.status == "paused"]
    for run in students:  # the checkpoint is of the very epoch that was told last, though none was due for two seconds
        place = store.files.lanes.place(run.id)
        assert place is not None
        checkpoint = store.files.lanes.checkpoint(place[0])
        assert checkpoint is not None and checkpoint["progress"][0, 0] == run.epoch
    assert len(students) == 4
    store.studies.ask_resume(study)
    run_study(store, study, data_root=DATA)
    assert_same_students((store, study), (straight, whole))


@pytest.mark.parametrize("seeds", [1, 2], ids=["by itself", "as lanes"])
def test_a_fork_that_changes_nothing_equals_the_uninterrupted_race_to_the_last_bit(
    store: Store, straight: Store, seeds: int
) -> None:
    whole = carried_out(straight, race(seeds))
    parent = paused(store, race(seeds))
    epoch = distilled(store, parent)[0].epoch
    child = carried_out(store, race(seeds).forked(epoch, {}))
    assert {run.id for run in distilled(store, child)}.isdisjoint(run.id for run in distilled(store, parent))
    assert_same_students((store, child), (straight, whole))


@pytest.mark.parametrize("seeds", [1, 2], ids=["by itself", "as lanes"])
def test_a_fork_begins_at_its_parents_checkpoint_and_equals_one_trained_without_it(
    store: Store, straight: Store, seeds: int, caplog: pytest.LogCaptureFixture
) -> None:
    parent = paused(store, race(seeds))
    epoch = distilled(store, parent)[0].epoch
    asked = race(seeds).forked(epoch, {"method.temperature": 9.0, "method.teacher_weight": 0.4})
    with caplog.at_level("INFO"):
        child = carried_out(store, asked)
    assert f"goes on from epoch {epoch}" in caplog.text
    assert_same_students((store, child), (straight, carried_out(straight, asked)))
    applied = [row.applied["temperature"] for row in store.runs.epochs([distilled(store, child)[0].id])]
    assert applied == [4.0] * epoch + [9.0] * (EPOCHS - epoch)
    assert [run.status for run in distilled(store, parent)] == ["paused"] * seeds


def test_a_fork_goes_on_with_the_student_alone_and_reuses_the_teacher(
    store: Store, straight: Store, caplog: pytest.LogCaptureFixture
) -> None:
    parent = paused(store, race())
    epoch = distilled(store, parent)[0].epoch
    with caplog.at_level("INFO"):
        child = carried_out(store, race().forked(epoch, {"method.temperature": 9.0}))
    assert caplog.text.count("goes on from epoch") == 2
    members = store.studies.members(child)
    assert [m.reused for m in members if m.arm == "teacher"] == [True, True]
    whole = carried_out(straight, race())
    found, others = store.studies.runs_of(child), straight.studies.runs_of(whole)
    for member in (m for m in members if m.arm == "alone"):
        assert_same_numbers((store, found[member.position].id), (straight, others[member.position].id))


def test_a_fork_of_a_fork_goes_on_from_the_fork_and_each_epoch_has_the_settings_of_its_time(
    store: Store, straight: Store, caplog: pytest.LogCaptureFixture
) -> None:
    paused(store, race(1), epoch=2)
    first = race(1).forked(2, {"method.temperature": 9.0})
    middle = carried_out(store, first, once_at(store, 5, "paused"))
    epoch = distilled(store, middle)[0].epoch
    assert epoch == 5
    asked = first.forked(epoch, {"method.teacher_weight": 0.2})
    with caplog.at_level("INFO"):
        child = carried_out(store, asked)
    assert f"goes on from epoch {epoch}" in caplog.text
    rows = store.runs.epochs([distilled(store, child)[0].id])
    assert [row.applied["temperature"] for row in rows] == [4.0] * 2 + [9.0] * (EPOCHS - 2)
    assert [row.applied["teacher_weight"] for row in rows] == [0.9] * epoch + [0.2] * (EPOCHS - epoch)
    assert_same_students((store, child), (straight, carried_out(straight, asked)))


def damaged(store: Store, run: str) -> None:
    for path in (store.home / "runs" / run).glob("checkpoint*"):
        path.write_bytes(path.read_bytes()[:-40])


@pytest.mark.parametrize("lost", ["deleted", "damaged", "gone on", "an earlier epoch is asked for"])
def test_a_fork_whose_parents_checkpoint_cannot_be_used_is_trained_from_the_parents_recipe(
    store: Store, straight: Store, lost: str, caplog: pytest.LogCaptureFixture
) -> None:
    parent = paused(store, race(1))
    epoch = distilled(store, parent)[0].epoch
    if lost == "deleted":
        store.delete(parent)
    elif lost == "damaged":
        damaged(store, distilled(store, parent)[0].id)
    elif lost == "gone on":
        store.studies.ask_resume(parent)
        run_study(store, parent, data_root=DATA)
    else:
        epoch = epoch - 1
    asked = race(1).forked(epoch, {"method.temperature": 9.0})
    with caplog.at_level("INFO"):
        child = carried_out(store, asked)
    assert store.files.checkpoint(distilled(store, child)[0].id) is None
    assert_same_students((store, child), (straight, carried_out(straight, asked)))


@pytest.mark.parametrize("epoch", [2, 3, 6])
def test_a_fork_that_is_interrupted_goes_on_to_the_same_numbers(store: Store, straight: Store, epoch: int) -> None:
    parent = paused(store, race(), epoch=2)
    asked = race().forked(distilled(store, parent)[0].epoch, {"method.temperature": 9.0})
    child = carried_out(store, asked, once_at(store, epoch, "stopped"))
    assert store.studies.get(child).status == "stopped"
    store.studies.ask_resume(child)
    run_study(store, child, data_root=DATA)
    assert_same_students((store, child), (straight, carried_out(straight, asked)))


def test_noise_dropout_and_shifts_are_the_same_before_and_after_a_fork(store: Store, straight: Store) -> None:
    changes = {"data__label_noise": 0.2, "data__augmentation": "shift", "student__dropout": 0.3}
    whole = carried_out(straight, race(2, **changes))
    parent = paused(store, race(2, **changes))
    child = carried_out(store, race(2, **changes).forked(distilled(store, parent)[0].epoch, {}))
    assert_same_students((store, child), (straight, whole))


def test_a_schedule_goes_on_from_the_new_value_after_a_fork(store: Store) -> None:
    moving = {"schedules": {"temperature": {"name": "exponential", "factor": 0.5, "floor": 1.0}}}
    asked = race(1, **moving).forked(3, {"method.temperature": 16.0})
    child = carried_out(store, asked)
    applied = [row.applied["temperature"] for row in store.runs.epochs([distilled(store, child)[0].id])]
    assert applied == [4.0, 2.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0]


def test_a_weight_that_was_empty_in_the_parent_follows_there_and_counts_in_the_fork(
    store: Store, straight: Store
) -> None:
    asked = race(2).forked(3, {"method.label_weight": 0.5})
    child = carried_out(store, asked)
    rows = store.runs.epochs([distilled(store, child)[0].id])
    assert ["label_weight" in row.applied for row in rows] == [False] * 3 + [True] * (EPOCHS - 3)
    plain = carried_out(straight, race(2))
    before = straight.runs.epochs([distilled(straight, plain)[0].id])[:3]
    assert [row.loss for row in rows[:3]] == [row.loss for row in before]


@pytest.mark.parametrize("protocol", ["cross_modal", "several_teachers", "multi_task", "data_free"])
def test_one_student_under_another_protocol_is_forked_to_the_same_numbers(
    store: Store, straight: Store, protocol: str
) -> None:
    settings = {"name": protocol, **({"steps": 3} if protocol == "data_free" else {})}
    asked = Study.race(recipe(optim__epochs=4, protocol=settings))
    whole = carried_out(straight, asked)
    child = carried_out(store, asked.forked(2, {}))
    assert_same_students((store, child), (straight, whole))


def test_early_stopping_counts_across_a_fork_and_whoever_ended_before_it_stays_ended(
    store: Store, straight: Store
) -> None:
    patient = {"optim__patience": 2}
    whole = carried_out(straight, race(2, **patient))
    child = carried_out(store, race(2, **patient).forked(6, {}))
    assert_same_students((store, child), (straight, whole))


def test_a_student_of_its_own_that_is_forked_needs_no_race(store: Store) -> None:
    one = recipe(optim__epochs=4).forked(2, {"method.temperature": 9.0})
    teacher = one.teacher
    assert isinstance(teacher, Recipe)
    study = Study(members=(Member(arm="teacher", recipe=teacher), Member(arm="distilled", recipe=one)))
    assert {run.status for run in store.studies.runs_of(carried_out(store, study)).values()} == {"done"}
