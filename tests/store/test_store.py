"""The store: where it lies, its facts and its space, for many processes at once, and nothing is ever unpickled."""

from __future__ import annotations

import errno
import os
import pickle
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kd_core.errors import RunUnknown, StoreFull, StoreUnusable
from kd_core.store import Store
from kd_core.store.store import default_home
from tests.small_studies import solo
from tests.store.example_rows import begun, epoch, point, race

ROOT = Path(__file__).parents[2]
PATHS = ["../../etc/passwd", "/etc/passwd", "..", "", "a/b", "a\x00b"]


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


# What must not work


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


# Space


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


# Many at once, and stores of earlier versions


def test_writers_in_several_processes_lose_nothing_while_somebody_reads(store: Store) -> None:
    study, count = store.studies.add(race(seeds=2)), 25
    runs = [begun(store, study, position) for position in range(4)]
    command = [sys.executable, str(ROOT / "tests" / "store" / "writer_process.py"), str(store.home), study]
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
