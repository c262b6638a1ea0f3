"""Pausing and forking in real processes: what waits comes on, nothing is lost, and a killed fork goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from kd_core import jobs
from kd_core.errors import InvalidSetting, NotYours, QueueFull, RecipeMismatch
from kd_core.experiments.study_runner import run_study
from kd_core.jobs.locks import is_free, log_file, supervisor_lock
from kd_core.recipe import Study
from kd_core.store import Store
from kd_core.visitors import Visitor, owns
from kd_core.vocabulary import ALIVE
from tests.experiments.run_studies import assert_same_numbers
from tests.jobs.processes import submit
from tests.small_studies import DATA, ended, epoch_of, eventually, often_checkpointed, recipe, solo

ANN, BEN = Visitor("ann"), Visitor("ben")
HOTTER = {"method.temperature": 9.0}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store whose queue is served, one study at a time."""
    store = often_checkpointed(tmp_path_factory.mktemp("served"))
    jobs.set_slots(store, 1)
    jobs.ensure_supervisor(store.home, DATA)
    yield store
    jobs.leave(store.home)
    eventually(lambda: is_free(supervisor_lock(store.home)))
    store.close()


def race(epochs: int = 300, seeds: int = 2, lr: float = 0.005) -> Study:
    """Some seconds of training; with another rate it is another race."""
    return Study.race(recipe(optim__epochs=epochs, optim__lr=lr, teacher__optim__epochs=2), seeds=seeds)


def leaving(study: Study, changes: dict[str, object] | None = None) -> Callable[[int], Study]:
    return lambda epoch: study.forked(epoch, HOTTER if changes is None else changes)


def students_train(store: Store, study: str, epochs: int = 5) -> None:
    eventually(lambda: jobs.epoch_reached(store, study) >= epochs)


def students(store: Store, study: str) -> list[str]:
    return [str(member.run) for member in store.studies.members(study) if member.arm == "distilled"]


def assert_same_students(store: Store, study: str, asked: Study, straight_home: Path) -> None:
    """Compare with the same race trained elsewhere, where there is nothing to go on from."""
    straight = Store(straight_home)
    whole = straight.studies.add(asked)
    run_study(straight, whole, data_root=DATA)
    for mine, theirs in zip(students(store, study), students(straight, whole), strict=True):
        assert_same_numbers((store, mine), (straight, theirs))
    straight.close()


def test_a_paused_race_lets_others_run_and_goes_on_to_the_numbers_of_an_undisturbed_one(
    served: Store, tmp_path: Path
) -> None:
    study, other = submit(served, race()), submit(served, solo(epochs=3))
    students_train(served, study)
    assert served.studies.get(other).status == "queued"
    jobs.pause(served, study)
    assert ended(served, study, 10) == "paused"
    assert "killed" not in log_file(served.home, study).read_text()
    assert ended(served, other) == "done"
    reached = jobs.epoch_reached(served, study)
    assert 5 <= reached < 300
    jobs.resume(served, study, DATA)
    assert ended(served, study, 120) == "done"
    assert_same_students(served, study, race(), tmp_path)


def test_a_race_that_trains_is_forked_where_it_stands_and_a_killed_fork_goes_on_to_the_same_numbers(
    served: Store, tmp_path: Path
) -> None:
    asked = race(lr=0.004)
    parent = submit(served, asked)
    students_train(served, parent)
    child = jobs.fork(served, parent, leaving(asked), data_root=DATA)
    assert served.studies.get(parent).status == "forked"
    epoch = jobs.epoch_reached(served, parent)
    assert [len(served.runs.epochs([run])) for run in students(served, parent)] == [epoch] * 2

    students_train(served, child, epoch + 20)
    log = log_file(served.home, child).read_text()
    assert f"goes on from epoch {epoch} of" in log
    psutil.Process(int(re.findall(r"process (\d+)", log)[-1])).kill()
    assert ended(served, child, 10) == "lost"
    assert epoch < jobs.epoch_reached(served, child) < 300
    jobs.resume(served, child, DATA)
    assert ended(served, child, 120) == "done"
    assert_same_students(served, child, asked.forked(epoch, HOTTER), tmp_path)


def test_a_study_that_waits_is_paused_at_once_and_can_wait_again(served: Store) -> None:
    running, waiting = submit(served, solo(2000)), submit(served, solo(3, seed=5))
    eventually(lambda: epoch_of(served, running))
    jobs.pause(served, waiting)
    assert served.studies.get(waiting).status == "paused"
    jobs.resume(served, waiting, DATA)
    assert served.studies.get(waiting).status == "queued"
    jobs.stop(served, running)
    assert [ended(served, study) for study in (running, waiting)] == ["stopped", "done"]


def test_a_stop_is_heard_while_a_pause_waits_for_the_end_of_a_long_epoch(served: Store) -> None:
    study = submit(served, solo(3, optim__batch=1, student={"name": "mlp", "widths": [2000, 2000]}))
    eventually(lambda: (runs := served.studies.runs_of(study)) and runs[0].step > 1)
    jobs.pause(served, study)
    assert served.studies.stop_requested(study) == "pause"
    jobs.stop(served, study)
    assert ended(served, study, 10) == "stopped"


# Where there is no job


def begun(store: Store, epochs: int = 3, owner: str = "") -> str:
    """A race of which it was told that its students stand after some epochs; it trains nothing."""
    study = store.studies.add(race(8), owner=owner, status="running")
    if epochs:
        asked = [member.recipe for member in race(8).members if member.arm == "distilled"]
        store.runs.update(*store.runs.begin(study, asked), epoch=epochs)
    store.studies.end(study, "paused")
    return study


@pytest.fixture
def unserved(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr("kd_core.jobs.queue.ensure_supervisor", lambda *args: None)
    return store


def test_a_paused_race_is_forked_at_once_and_can_still_be_resumed(unserved: Store) -> None:
    parent = begun(unserved)
    child = jobs.fork(unserved, parent, leaving(race(8)), data_root=DATA)
    row = unserved.studies.get(child)
    forks = [m["recipe"].get("fork") for m in row.spec["members"]]
    assert [fork and fork["epoch"] for fork in forks] == [None, None, 3, None, None, 3]
    assert (row.status, unserved.studies.get(parent).status) == ("queued", "forked")
    jobs.resume(unserved, parent, DATA)
    assert unserved.studies.get(parent).status == "queued"


def test_a_race_whose_students_have_not_begun_or_are_at_their_end_has_nothing_to_go_on_from(unserved: Store) -> None:
    fresh, over = begun(unserved, epochs=0), begun(unserved)
    unserved.runs.update(*students(unserved, over), status="done")
    for study in (fresh, over):
        with pytest.raises(RecipeMismatch, match="nothing to go on from"):
            jobs.fork(unserved, study, leaving(race(8)), data_root=DATA)
    assert len(unserved.studies.list()) == 2


def test_what_cannot_be_forked_is_refused_before_anything_ends(unserved: Store) -> None:
    study = begun(unserved)
    unserved.studies.update(study, status="running")
    with pytest.raises(RecipeMismatch, match=r"'optim\.batch' is not the parent's"):
        jobs.fork(unserved, study, leaving(race(8), {"optim.batch": 8}), data_root=DATA)
    with pytest.raises(InvalidSetting, match="temperature"):
        jobs.fork(unserved, study, leaving(race(8), {"method.temperature": -1}), data_root=DATA)
    assert (unserved.studies.get(study).status, unserved.studies.get(study).wish) == ("running", None)


def test_a_full_personal_queue_refuses_a_fork_and_leaves_the_race_alone(unserved: Store) -> None:
    study = begun(unserved, owner="ann")
    unserved.studies.add(solo(), owner="ann")
    with pytest.raises(QueueFull):
        jobs.fork(unserved, study, leaving(race(8)), data_root=DATA, by=ANN, most_waiting=1)
    assert unserved.studies.get(study).status == "paused"


def test_only_an_owner_forks_and_a_shared_race_goes_on_for_the_others(unserved: Store) -> None:
    study = begun(unserved, owner="ann")
    with pytest.raises(NotYours):
        jobs.fork(unserved, study, leaving(race(8)), data_root=DATA, by=BEN)
    unserved.studies.update(study, status="running")
    unserved.studies.add(race(8), owner="ben", join=ALIVE)
    child = jobs.fork(unserved, study, leaving(race(8)), data_root=DATA, by=BEN)
    assert (unserved.studies.get(study).status, unserved.studies.get(study).wish) == ("running", None)
    assert (owns(unserved, study, ANN), owns(unserved, study, BEN), owns(unserved, child, BEN)) == (True, False, True)
