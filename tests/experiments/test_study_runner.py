"""The story of a study: who is trained, who is reused, how it ends, and that numbers do not depend on company."""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kd_core.compute.plan import StepPlan
from kd_core.experiments.groups import PendingRun, TrainingGroup
from kd_core.experiments.study_runner import run_study, side_by_side
from kd_core.recipe import Member, Recipe, Study
from kd_core.results.race import race_json
from kd_core.store import RunRow, Store
from tests.small_studies import DATA, recipe, solo


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "home")
    yield made
    made.close()


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """A race over two seeds, carried out."""
    made = Store(tmp_path_factory.mktemp("raced"))
    yield made, carried_out(made, Study.race(recipe(), seeds=2))
    made.close()


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


# ---- a race


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


# ---- other ends


def test_a_student_that_diverges_tells_step_and_term_while_the_others_go_on(store: Store) -> None:
    wild = recipe(optim__algorithm="sgd", optim__lr=10, optim__weight_decay=1, optim__epochs=20)
    good = recipe().baseline()
    members = [Member(arm="alone", recipe=one) for one in (wild.baseline(), good)]
    study = carried_out(store, Study(kind="race", members=tuple(members)))
    broken, fine = runs(store, study)
    assert broken.status == "diverged" and broken.error is not None
    assert broken.error["code"] == "numbers_broke"
    assert int(broken.error["fields"]["step"]) >= 1
    assert broken.error["fields"]["term"] == "labels"
    assert fine.status == "done" and fine.reported_epoch == 2


def test_without_a_teacher_that_converged_only_the_distilled_student_fails(store: Store) -> None:
    growing = {"algorithm": "sgd", "lr": 10, "weight_decay": 1, "epochs": 20}  # weights grow ninefold at every step
    hopeless = recipe(**{f"teacher__optim__{name}": value for name, value in growing.items()})
    study = carried_out(store, Study.race(hopeless))
    row = store.studies.get(study)
    assert row.error is not None and row.error["code"] == "numbers_broke"
    assert [run.status for run in runs(store, study)] == ["diverged", "done", "failed"]


def test_early_stopping_reports_the_best_epoch_on_validation(store: Store) -> None:
    study = carried_out(store, alone(recipe(optim__epochs=200, optim__patience=2, optim__lr=0.02).baseline()))
    row = runs(store, study)[0]
    rows = store.runs.epochs([row.id])
    assert row.status == "done" and len(rows) < 200
    ranks = [(one.scores["validation"]["accuracy"], -(one.scores["validation"]["nll"] or 0)) for one in rows]
    best = max(range(len(rows)), key=lambda number: ranks[number])
    assert row.reported_epoch == best == len(rows) - 3
    assert store.files.logits(row.id, best) is not None


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


def test_a_resumed_run_with_dropout_noise_and_patience_equals_an_uninterrupted_one(
    store: Store, tmp_path: Path
) -> None:
    changes = {"student__dropout": 0.3, "data__augmentation": "shift", "optim__patience": 30, "optim__epochs": 12}
    one = alone(recipe(**changes).baseline())
    straight = Store(tmp_path / "straight")
    reference = carried_out(straight, one)
    store.set_fact("checkpoint_seconds", 0.0)
    study = carried_out(store, one, stop_check=counting(7, "interrupted"))
    assert 0 < runs(store, study)[0].epoch < 12
    assert store.studies.get(study).status == "interrupted"
    store.studies.ask_resume(study)
    run_study(store, study, data_root=DATA)
    assert_same_numbers((straight, runs(straight, reference)[0].id), (store, runs(store, study)[0].id))
    straight.close()


@pytest.mark.parametrize("answer", ["stopped", "interrupted"])
def test_a_stop_keeps_what_is_finished_and_resume_trains_only_the_rest(store: Store, answer: str) -> None:
    study = carried_out(store, Study.race(recipe()), stop_check=counting(8, answer))
    teacher, *students = runs(store, study)
    assert store.studies.get(study).status == answer
    assert teacher.status == "done" and {run.status for run in students} == {answer}
    store.studies.ask_resume(study)
    run_study(store, study, data_root=DATA)
    assert store.studies.get(study).status == "done"
    assert [run.id for run in runs(store, study)] == [teacher.id, *(run.id for run in students)]
    assert {run.status for run in runs(store, study)} == {"done"}


def test_a_bug_ends_the_study_as_failed_and_says_what_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def buggy(*_: Any) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("kd_core.experiments.protocol_context.fit", buggy)
    row = store.studies.get(carried_out(store, solo()))
    assert row.status == "failed" and row.error is not None
    assert row.error["code"] == "job_failed" and "of all things" in row.error["sentence"]
    assert {run.status for run in runs(store, row.id)} == {"failed"}


def test_a_study_that_cannot_be_read_fails_in_a_sentence(store: Store) -> None:
    study = store.studies.add(solo())
    store.studies.update(study, spec={"kind": "riddle"})
    run_study(store, study, data_root=DATA)
    assert store.studies.get(study).status == "failed"


# ---- space


def test_a_store_at_its_limit_starts_nothing(store: Store) -> None:
    store.set_limit(1000)
    row = store.studies.get(carried_out(store, solo(epochs=2)))
    assert row.status == "failed" and row.error is not None
    assert row.error["code"] == "store_full" and "limit" in row.error["sentence"]
    assert runs(store, row.id) == []
    store.set_limit(10**9)
    store.studies.ask_resume(row.id)
    run_study(store, row.id, data_root=DATA)
    assert store.studies.get(row.id).status == "done"


def test_a_full_disk_ends_the_study_in_its_sentence_and_resume_keeps_what_was_finished(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, refuse = Path.write_bytes, [False]

    def on_a_full_disk(path: Path, content: bytes) -> int:
        if refuse[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        refuse[0] = path.name.startswith("weights")  # the teacher's come first
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", on_a_full_disk)
    study = carried_out(store, Study.race(recipe()))
    monkeypatch.undo()
    row = store.studies.get(study)
    assert row.status == "failed" and row.error is not None
    assert row.error["code"] == "store_full" and "Resume" in row.error["sentence"]
    teacher = runs(store, study)[0]
    assert teacher.status == "done"
    assert all(run.status == "failed" for run in runs(store, study)[1:])

    store.studies.ask_resume(study)
    run_study(store, study, data_root=DATA)
    assert store.studies.get(study).status == "done"
    assert runs(store, study)[0].id == teacher.id


def test_a_disk_that_is_really_full_is_told_and_nothing_finished_is_lost(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    tiny = ["mount", "-t", "tmpfs", "-o", "size=1200k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(tiny, capture_output=True).returncode != 0:
        pytest.skip("mounting needs more rights")
    try:
        store = Store(disk / "home")
        big = recipe(student__widths=[128, 128], optim__epochs=60)
        first = carried_out(store, alone(recipe().baseline()))
        study = store.studies.add(alone(big.baseline()))
        try:
            run_study(store, study, data_root=DATA)
        except Exception as error:  # the database could not take the sentence either: the supervisor tells it then
            assert getattr(error, "code", "") in ("store_full", "store_unusable")
        else:
            row = store.studies.get(study)
            assert row.error is not None and row.error["code"] == "store_full"
        subprocess.run(["mount", "-o", "remount,size=50m", str(disk)], check=True)
        assert store.files.weights(runs(store, first)[0].id) is not None
        if store.studies.get(study).status == "running":
            store.studies.end(study, "lost")
        store.studies.ask_resume(study)
        run_study(store, study, data_root=DATA)
        assert store.studies.get(study).status == "done"
        store.close()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


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


def test_on_a_sweep_over_teachers_the_student_alone_is_judged_against_each_cells_own(store: Store) -> None:
    study = carried_out(store, Study.sweep(recipe(), {"teacher.optim.epochs": [1, 4]}))
    members = store.studies.members(study)
    for cell in ({"teacher.optim.epochs": 1}, {"teacher.optim.epochs": 4}):
        arms = {member.arm: member for member in members if member.cell == cell}
        teacher, alone_ = (last_logits(store, arms[arm].run) for arm in ("teacher", "alone"))
        expected = float((teacher.argmax(-1) == alone_.argmax(-1)).mean())
        assert (arms["alone"].against_teacher or {})["agreement"] == pytest.approx(expected)


def test_a_sweep_with_early_stopping_keeps_the_reported_epoch(store: Store) -> None:
    hasty = recipe(optim__epochs=60, optim__patience=3)
    study = carried_out(store, Study.sweep(hasty, {"method.temperature": [2]}))
    for run in runs(store, study):
        if run.recipe["optim"]["patience"]:
            assert run.reported_epoch in store.files.kept_epochs(run.id)


def last_logits(store: Store, run: str | None) -> np.ndarray:
    values = store.files.logits(run or "", store.runs.get(run or "").reported_epoch or 0)
    assert values is not None
    return values


# ---- how fast


def test_a_large_enough_network_is_probed_once_and_its_way_kept_and_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kd_core.experiments.study_context.SMALL_STEP_MACS", 0)
    ways = [StepPlan(), StepPlan(dtype="bfloat16", channels_last=True)]
    monkeypatch.setattr(
        "kd_core.experiments.study_context.time_plans", lambda *_: list(zip(ways, (1.0, 0.4), strict=True))
    )
    conv = recipe(student={"name": "convnet", "channels": [4], "fc": 8}).baseline()
    [fast] = runs(store, carried_out(store, alone(conv)))
    assert fast.execution is not None and fast.status == "done"
    assert (fast.execution["dtype"], fast.execution["channels_last"]) == ("bfloat16", True)

    monkeypatch.setattr(
        "kd_core.experiments.study_context.time_plans", lambda *_: pytest.fail("it was measured before")
    )
    [exact] = runs(store, carried_out(store, alone(conv), fresh=True, precision="float32"))
    assert exact.execution is not None and exact.execution["dtype"] == "float32"


# ---- lanes


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
    told = [[(crew.recipe.seed, crew.recipe.teacher is None) for crew in pair] for pair in side_by_side(students)]
    assert told == [[(seed, True), (seed, False)] for seed in range(3)]
