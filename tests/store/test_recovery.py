"""A database of which a part is missing or overwritten: what can be read goes on beside the damaged file."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from kd_core.errors import KDError, StoreUnusable
from kd_core.experiments.study_runner import run_study
from kd_core.recipe import Study
from kd_core.store import Store, recovery
from tests.experiments.run_studies import carried_out
from tests.small_studies import DATA, recipe
from tests.store.example_rows import begun, epoch, race

PAGE = 4096


def filled(home: Path, studies: int = 60, epochs: int = 10) -> set[str]:
    """Fill a store with studies of three finished runs each; return the studies."""
    store = Store(home)
    asked = set()
    for _ in range(studies):
        study = store.studies.add(race(seeds=1))
        for position in range(3):
            run = begun(store, study, position)
            told = [epoch(run, number) for number in range(epochs)]
            store.runs.record({run: {"status": "done", "epoch": epochs, "reported_epoch": epochs - 1}}, [], told)
        store.studies.end(study, "done")
        asked.add(study)
    store.close()
    with sqlite3.connect(home / "kd.sqlite") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return asked


def cut_short(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def overwritten(path: Path) -> None:
    """Write random bytes over every fourth page but the first, which names the tables."""
    content, chance = bytearray(path.read_bytes()), random.Random(3)
    for start in range(3 * PAGE, len(content), 4 * PAGE):
        content[start : start + PAGE] = chance.randbytes(PAGE)
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [cut_short, overwritten])
def test_what_can_be_read_is_recovered_beside_the_damaged_file(
    tmp_path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    asked = filled(tmp_path)
    damage(tmp_path / "kd.sqlite")
    damaged = (tmp_path / "kd.sqlite").read_bytes()
    store = opened_at_last(tmp_path)
    kept = [path for path in tmp_path.glob("kd-damaged-*.sqlite")]
    assert len(kept) == 1 and kept[0].read_bytes() == damaged
    assert "The database in" in caplog.text and kept[0].name in caplog.text
    assert store.fact("recovered")["fields"]["kept"] == kept[0].name
    found = {row.id: row.status for row in store.studies.list()}
    assert found and found.keys() <= asked
    for study, status in found.items():
        given = [member for member in store.studies.members(study) if member.run]
        assert status == ("done" if len(given) == 3 else "lost")
    for row in store.runs.list():  # a run is there with all its numbers or not at all
        assert [one.epoch for one in store.runs.epochs([row.id])] == list(range(10))
    store.close()
    again = Store(tmp_path)
    assert len(list(tmp_path.glob("kd-damaged-*.sqlite"))) == 1
    again.close()


def opened_at_last(home: Path) -> Store:
    """Open a store as a person would: what met the damage in use is closed and opened again."""
    for _ in range(2):
        store = Store(home)
        try:
            for row in store.studies.list():
                store.studies.members(row.id)
            store.runs.epochs([row.id for row in store.runs.list()])
        except KDError:
            store.close()
        else:
            if list(home.glob("kd-damaged-*.sqlite")):
                return store
            store.close()
    raise AssertionError("the damage was never met")


def test_a_study_whose_members_and_runs_are_lost_is_resumed_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    study = carried_out(store, Study.race(recipe(), 1))
    alone, distilled = (member.run for member in store.studies.members(study)[1:])
    numbers = {member.position: member.against_teacher for member in store.studies.members(study)}
    with store.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM members WHERE position = 2")
        connection.exec_driver_sql("DELETE FROM epochs WHERE run = ? AND epoch = 1", (alone,))
    store.close()
    monkeypatch.setattr(recovery, "is_damaged", lambda path: True)
    (tmp_path / "kd.sqlite.damaged").touch()
    store = Store(tmp_path)
    assert store.studies.get(study).status == "lost"
    store.studies.ask_resume(study)
    run_study(store, study, data_root=DATA)
    assert store.studies.get(study).status == "done"
    found = store.studies.runs_of(study)
    assert {run.status for run in found.values()} == {"done"}
    assert found[1].id != alone and found[2].id == distilled  # trained again; found again
    assert {member.position: member.against_teacher for member in store.studies.members(study)} == numbers
    store.close()


@pytest.mark.parametrize("bytes_over", ["""spec = substr(spec, 1, 40)""", "name = CAST(X'41ff' AS TEXT)"])
def test_bytes_that_were_overwritten_inside_a_row_cost_that_row_alone(tmp_path: Path, bytes_over: str) -> None:
    asked = filled(tmp_path, studies=3, epochs=2)
    with sqlite3.connect(tmp_path / "kd.sqlite") as connection:
        connection.execute(f"UPDATE studies SET {bytes_over} WHERE number = 2")
    connection.close()
    store = Store(tmp_path)
    with pytest.raises(StoreUnusable, match="Start it again"):
        store.studies.list()
    store.close()
    store = opened_at_last(tmp_path)
    left = {row.id: row.status for row in store.studies.list()}
    assert left.keys() < asked and list(left.values()) == ["done", "done"]
    told = store.recovered()
    assert told is not None and told["fields"]["torn"] == "studies, members"
    (tmp_path / told["fields"]["kept"]).unlink()
    assert store.recovered() is None
    store.close()


def test_a_mark_on_a_sound_database_costs_one_look(tmp_path: Path) -> None:
    asked = filled(tmp_path, studies=2, epochs=2)
    (tmp_path / "kd.sqlite.damaged").touch()
    store = Store(tmp_path)
    assert {row.id for row in store.studies.list()} == asked and store.fact("recovered") is None
    store.close()
    assert sorted(path.name for path in tmp_path.glob("kd*")) == ["kd.sqlite"]


def test_a_database_without_its_first_page_is_told_and_left_where_it_is(tmp_path: Path) -> None:
    filled(tmp_path, studies=1)
    path = tmp_path / "kd.sqlite"
    path.write_bytes(random.Random(0).randbytes(PAGE) + path.read_bytes()[PAGE:])
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match="not a database"):
        Store(tmp_path)
    assert path.read_bytes() == before
