"""The store: what goes in comes out, for many processes at once, and nothing is ever unpickled."""

from __future__ import annotations

import errno
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kd_core.errors import NothingToResume, NumbersBroke, RunBusy, RunUnknown, StoreFull, StoreUnusable
from kd_core.recipe import Study
from kd_core.store import EpochRow, PointRow, Store, error_json
from kd_core.store.runs import KEPT_POINTS
from kd_core.store.store import default_home
from tests.small_studies import recipe, solo

ROOT = Path(__file__).parents[2]
PATHS = ["../../etc/passwd", "/etc/passwd", "..", "", "a/b", "a\x00b"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "home")
    yield made
    made.close()


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


# ---- what goes in comes out


def test_a_study_comes_back_as_it_was_asked_for(store: Store) -> None:
    asked = race(seeds=2)
    row = store.studies.get(store.studies.add(asked, name="my race", fresh=True, device="cpu"))
    assert Study.from_json(row.spec) == asked
    assert (row.name, row.kind, row.preset, row.seeds, row.fresh, row.device) == (
        "my race",
        "race",
        "digits",
        2,
        True,
        "cpu",
    )
    assert (row.status, row.wish, row.error, row.keep, row.alive) == ("queued", None, None, False, True)
    places = store.studies.members(row.id)
    assert [(place.arm, place.seed) for place in places] == [(m.arm, m.recipe.seed) for m in asked.members]
    assert [place.fingerprint for place in places] == [m.recipe.fingerprint() for m in asked.members]
    assert all(place.run is None and not place.reused for place in places)


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


def test_studies_are_listed_newest_first_and_can_be_chosen_by_state(store: Store) -> None:
    first, second, third = [store.studies.add(solo(seed=seed)) for seed in range(3)]
    store.studies.end(second, "done")
    assert [row.id for row in store.studies.list()] == [third, second, first]
    assert [row.number for row in store.studies.list()] == [3, 2, 1]
    assert [row.id for row in store.studies.list(limit=1, offset=1)] == [second]
    assert [row.id for row in store.studies.list(status=["queued"])] == [third, first]


def test_a_name_a_note_and_a_keep_can_be_changed(store: Store) -> None:
    study = store.studies.add(solo())
    store.studies.update(study, name="Ünïcode 蒸馏 <b>", note="x" * 10_000, keep=True)
    row = store.studies.get(study)
    assert (row.name, len(row.note), row.keep) == ("Ünïcode 蒸馏 <b>", 10_000, True)


def test_arrays_come_back_with_their_shapes_a_number_alone_too(store: Store) -> None:
    transposed = np.arange(12, dtype=np.float32).reshape(3, 4).T
    kept = {"w": transposed, "count": np.array(7), "progress": np.array([1.0, -1.0]), "empty": np.zeros((0, 3))}
    store.files.save_checkpoint("r", kept)
    back = store.files.checkpoint("r")
    assert back is not None and back.keys() == kept.keys()
    for name, values in kept.items():
        np.testing.assert_array_equal(back[name], values)
        assert back[name].shape == values.shape and back[name].dtype == values.dtype
    store.files.drop_checkpoint("r")
    assert store.files.checkpoint("r") is None


def test_logits_are_kept_as_float16_and_clipped_instead_of_infinite(store: Store) -> None:
    logits = np.array([[1e9, -1e9, 0.1]], dtype=np.float32)
    store.files.save_logits("r", 3, {"test": logits, "validation": logits})
    back = store.files.logits("r", 3)
    assert back is not None and back.dtype == np.float32
    np.testing.assert_allclose(back, [[65504, -65504, 0.1]], rtol=1e-3)
    assert store.files.logits("r", 3, "train") is None
    assert store.files.logits("r", 4) is None


def test_epochs_of_kept_logits_are_listed_and_forgotten_one_by_one(store: Store) -> None:
    for number in (10, 2, 0):
        store.files.save_logits("r", number, {"test": np.zeros((1, 2))})
    assert store.files.kept_epochs("r") == [0, 2, 10]
    store.files.drop_logits("r", 2)
    assert store.files.kept_epochs("r") == [0, 10]


def test_a_dataset_s_test_images_are_kept_once_with_its_facts(store: Store) -> None:
    images = np.zeros((2, 1, 2, 2), dtype=np.uint8)
    store.files.save_source("s", {"images": images}, {"classes": ["a", "b"]})
    store.files.save_source("s", {"images": images + 1}, {"classes": []})
    back = store.files.source("s")
    assert back is not None
    np.testing.assert_array_equal(back[0]["images"], images)
    assert back[1] == {"classes": ["a", "b"]}
    assert store.files.source("t") is None


def test_facts_are_kept_and_replaced(store: Store) -> None:
    assert store.fact("slots", 2) == 2
    store.set_fact("slots", 3)
    store.set_fact("slots", 4)
    assert store.fact("slots") == 4


def test_the_home_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KD_HOME", "/somewhere")
    assert default_home() == Path("/somewhere")
    monkeypatch.delenv("KD_HOME")
    assert default_home() == Path.home() / ".kd-playground"


# ---- curves


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


# ---- the queue


def test_the_queue_is_served_in_order_and_tells_how_many_are_ahead(store: Store) -> None:
    first, second, third = [store.studies.add(solo(seed=seed)) for seed in range(3)]
    assert list(store.studies.queue()) == [first, second, third]
    assert store.studies.ahead_of(store.studies.get(third)) == 2
    assert store.studies.begin(first)
    assert not store.studies.begin(first)
    assert list(store.studies.running()) == [first]
    assert store.studies.ahead_of(store.studies.get(third)) == 1


def test_stop_ends_what_waits_and_asks_what_runs(store: Store) -> None:
    waiting, running = store.studies.add(solo()), store.studies.add(solo())
    store.studies.begin(running)
    for study in (waiting, running):
        store.studies.ask_stop(study)
    assert store.studies.get(waiting).status == "stopped"
    assert not store.studies.begin(waiting)
    assert (store.studies.get(running).status, store.studies.stop_requested(running)) == ("running", "stop")


def test_the_end_of_a_study_is_the_end_of_its_runs_but_not_of_those_it_only_uses(store: Store) -> None:
    study, other = store.studies.add(race()), store.studies.add(race())
    done, going = finished(store, study, 0), begun(store, study, 1)
    theirs = begun(store, other, 0)
    store.studies.end(study, "stopped")
    assert [store.runs.get(run).status for run in (done, going, theirs)] == ["done", "stopped", "running"]


@pytest.mark.parametrize("status", ["stopped", "interrupted", "failed", "lost"])
def test_what_did_not_come_to_its_end_can_be_queued_again(store: Store, status: str) -> None:
    study = store.studies.add(solo())
    store.studies.end(study, status, {"code": "x"})
    store.studies.ask_resume(study)
    row = store.studies.get(study)
    assert (row.status, row.error, row.wish, row.finished) == ("queued", None, None, None)


@pytest.mark.parametrize("status", ["done", "running", "queued"])
def test_what_is_done_or_alive_cannot_be_resumed(store: Store, status: str) -> None:
    study = store.studies.add(solo())
    store.studies.update(study, status=status)
    with pytest.raises(NothingToResume, match=status):
        store.studies.ask_resume(study)


# ---- deleting


def test_delete_keeps_runs_that_another_study_shares(store: Store) -> None:
    first, second = store.studies.add(race()), store.studies.add(race())
    alone, shared = finished(store, first, 0), finished(store, first, 1)
    for run in (alone, shared):
        store.files.save_weights(run, {"w": np.ones(3)})
        store.runs.record({}, [point(run, 1)], [epoch(run, 0)])
    assert store.runs.reuse_finished(second, store.runs.get(shared).fingerprint) == shared
    assert store.runs.reuse_finished(second, "unheard of") is None

    store.studies.end(first, "done")
    store.studies.delete(first)
    assert [row.id for row in store.runs.list()] == [shared]
    assert store.files.weights(shared) is not None
    assert store.files.weights(alone) is None
    assert not (store.home / "runs" / alone).exists()
    assert store.runs.epochs([alone]) == [] and store.runs.points([alone]) == []
    with pytest.raises(RunUnknown):
        store.studies.get(first)
    store.studies.end(second, "done")
    store.studies.delete(second)
    assert store.runs.list() == []


def test_keep_refuses_delete_and_so_does_a_study_that_is_alive(store: Store) -> None:
    study = store.studies.add(solo())
    with pytest.raises(RunBusy, match="queued"):
        store.studies.delete(study)
    store.studies.end(study, "done")
    store.studies.update(study, keep=True)
    with pytest.raises(RunBusy, match="kept"):
        store.studies.delete(study)
    store.studies.update(study, keep=False)
    store.studies.delete(study)
    assert store.studies.list() == []


# ---- what must not work


@pytest.mark.parametrize("unknown", PATHS)
def test_ids_that_look_like_paths_are_simply_unknown(store: Store, unknown: str) -> None:
    for ask in (store.runs.get, store.studies.get, store.studies.delete, store.studies.ask_resume):
        with pytest.raises(RunUnknown):
            ask(unknown)
    with pytest.raises(RunUnknown):
        store.studies.update(unknown, name="x")
    assert store.runs.epochs([unknown]) == []


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, ("evil-was-here",))


def test_a_pickle_in_an_artifact_s_place_is_not_opened(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = store.home / "runs" / "r"
    run.mkdir(parents=True)
    (store.home / "sources").mkdir()
    names = [run / "weights", run / "checkpoint", run / "logits-00001", store.home / "sources" / "s"]
    for content in (pickle.dumps(Evil()), b"", b"\x00" * 100):
        for name in names:
            name.with_suffix(".safetensors").write_bytes(content)
        assert store.files.weights("r") is None
        assert store.files.checkpoint("r") is None
        assert store.files.logits("r", 1) is None
        assert store.files.source("s") is None
    assert not (tmp_path / "evil-was-here").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnusable, match="file"):
        Store(tmp_path / "file" / "home")


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "kd.sqlite").write_bytes(b"no database at all, but long enough to be one" * 100)
    with pytest.raises(StoreUnusable, match="not a database"):
        Store(tmp_path)


# ---- space


def test_a_limit_refuses_a_start_and_the_size_is_counted(store: Store) -> None:
    store.check_space()
    before = store.files.size()
    store.files.save_weights("r", {"w": np.zeros(1000, dtype=np.float32)})
    assert 4000 <= store.files.size("r") <= 4400
    assert store.files.size() - before >= 4000
    store.set_limit(4000)
    with pytest.raises(StoreFull, match="limit"):
        store.check_space()


def test_a_full_disk_is_told_and_leaves_the_old_file_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.files.save_checkpoint("r", {"w": np.ones(3)})

    def half_written(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half_written)
    with pytest.raises(StoreFull, match="No space left"):
        store.files.save_checkpoint("r", {"w": np.zeros(3)})
    monkeypatch.undo()
    back = store.files.checkpoint("r")
    assert back is not None and back["w"].tolist() == [1, 1, 1]
    assert not list(store.home.rglob("*.partial"))


# ---- many at once


def test_writers_in_several_processes_lose_nothing_while_somebody_reads(store: Store) -> None:
    study, count = store.studies.add(race(seeds=2)), 25
    runs = [begun(store, study, position) for position in range(4)]
    command = [sys.executable, str(ROOT / "tests" / "jobs" / "writer_process.py"), str(store.home), study]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    writers = [subprocess.Popen([*command, str(place), str(count)], env=env) for place in range(4)]
    seen = [0]
    while any(writer.poll() is None for writer in writers):
        seen.append(len(store.runs.epochs(runs)))
        store.studies.update(study, note=f"{len(seen)} looks")  # a fifth writer
        time.sleep(0.02)
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0]
    assert seen == sorted(seen)
    assert [len(store.runs.epochs([run])) for run in runs] == [count] * 4
    assert [len(store.runs.points([run])) for run in runs] == [count] * 4
    assert [store.fact(f"told-{place}") for place in range(4)] == [count] * 4
    assert store.studies.get(study).note == f"{len(seen)} looks"


def test_a_reader_sees_one_moment_while_a_writer_is_not_done(store: Store) -> None:
    run = begun(store, store.studies.add(solo()))
    with store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET epoch = 99")
        assert store.runs.get(run).epoch == 0
    assert store.runs.get(run).epoch == 99


def test_an_error_in_a_transaction_undoes_all_of_it(store: Store) -> None:
    run = begun(store, store.studies.add(solo()))
    store.runs.record({}, [], [epoch(run, 0)])
    with pytest.raises(StoreUnusable):
        store.runs.record({run: {"epoch": 5}}, [point(run, 1)], [replace(epoch(run, 1)), epoch(run, 0)])
    assert store.runs.get(run).epoch == 0
    assert len(store.runs.epochs([run])) == 1 and store.runs.points([run]) == []


def test_a_store_of_an_earlier_version_gets_the_columns_it_lacks(tmp_path: Path) -> None:
    old = Store(tmp_path / "old")
    made = old.studies.add(race())
    with old.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE studies DROP COLUMN precision")
        connection.exec_driver_sql("DROP INDEX ix_runs_created")
    old.close()
    opened = Store(tmp_path / "old")
    assert opened.studies.get(made).precision == "auto"
    assert opened.studies.get(opened.studies.add(race(), precision="float32")).precision == "float32"
    with opened.database.reading() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'").scalars().all()
    assert "ix_runs_created" in names
    opened.close()
