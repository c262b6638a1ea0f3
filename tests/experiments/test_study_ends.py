"""How a study ends otherwise: diverged, stopped, without space, by a bug, and how it goes on."""

from __future__ import annotations

import errno
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kd_core.experiments.study_runner import run_study
from kd_core.recipe import Member, Study
from kd_core.store import Store
from tests.experiments.run_studies import alone, assert_same_numbers, carried_out, counting, runs
from tests.small_studies import DATA, recipe, solo


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


# Stopped and resumed


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


# Space


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
