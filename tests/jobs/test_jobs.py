"""Jobs: real processes that train, are stopped, are killed and go on, with one supervisor that serves them all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from kd_core import jobs
from kd_core.experiments.study_runner import run_study
from kd_core.jobs.locks import is_free, log_file, supervisor_lock
from kd_core.store import Store
from tests.jobs.processes import family_of, gone, submit
from tests.small_studies import DATA, ended, epoch_of, eventually, often_checkpointed, solo


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store whose queue is served, two at a time."""
    store = often_checkpointed(tmp_path_factory.mktemp("served"))
    jobs.set_slots(store, 2)
    jobs.ensure_supervisor(store.home, DATA)
    yield store
    jobs.leave(store.home)
    eventually(lambda: is_free(supervisor_lock(store.home)))
    store.close()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """What ``solo()`` comes to when nobody interrupts it."""
    store = Store(tmp_path_factory.mktemp("uninterrupted"))
    study = store.studies.add(solo())
    run_study(store, study, data_root=DATA)
    facts = told(store, study)
    store.close()
    return facts


def told(store: Store, study: str) -> SimpleNamespace:
    run = store.studies.runs_of(study)[0]
    marks = [(row.epoch, row.loss, row.terms, row.scores) for row in store.runs.epochs([run.id])]
    return SimpleNamespace(marks=marks, weights=store.files.weights(run.id))


def assert_equal(one: SimpleNamespace, other: SimpleNamespace) -> None:
    assert one.marks == other.marks
    assert one.weights.keys() == other.weights.keys()
    for name in one.weights:
        np.testing.assert_array_equal(one.weights[name], other.weights[name])


def process_of(store: Store, study: str) -> psutil.Process:
    """Return the process of a study's latest job, as its log tells it."""
    log = eventually(lambda: (path := log_file(store.home, study)).exists() and path.read_text())
    return psutil.Process(int(re.findall(r"process (\d+)", log)[-1]))


def beyond_its_checkpoint(store: Store, study: str) -> None:
    """Wait until a study has a checkpoint and told more epochs than it holds."""
    run = eventually(lambda: store.studies.runs_of(study).get(0)).id
    kept = eventually(lambda: store.files.checkpoint(run))
    eventually(lambda: epoch_of(store, study) > kept["progress"].flat[0] + 3)


def supervisor_of(store: Store) -> psutil.Process:
    """Return the supervisor of this store; other tests' pages have theirs in the same process."""
    alive = [one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE]
    [supervisor] = [one for one in alive if {"kd_core.jobs", str(store.home)} <= set(one.cmdline())]
    return supervisor


def test_a_killed_job_is_told_and_its_resumed_study_equals_an_uninterrupted_one(
    served: Store, uninterrupted: SimpleNamespace
) -> None:
    study = submit(served, solo())
    beyond_its_checkpoint(served, study)
    process_of(served, study).kill()
    assert ended(served, study, 5) == "lost"
    row = served.studies.get(study)
    assert row.error is not None and "killed" in row.error["sentence"]
    assert served.studies.runs_of(study)[0].status == "lost"

    jobs.resume(served, study, DATA)
    assert ended(served, study) == "done"
    assert_equal(told(served, study), uninterrupted)


def test_a_stopped_study_keeps_its_checkpoint_and_equals_an_uninterrupted_one_when_resumed(
    served: Store, uninterrupted: SimpleNamespace
) -> None:
    study = submit(served, solo())
    beyond_its_checkpoint(served, study)
    jobs.stop(served, study)
    assert ended(served, study, 5) == "stopped"
    assert "killed" not in log_file(served.home, study).read_text()

    jobs.resume(served, study, DATA)
    assert ended(served, study) == "done"
    assert_equal(told(served, study), uninterrupted)


def test_a_submitted_study_is_carried_out_in_a_process_that_had_torch_already(served: Store) -> None:
    study = submit(served, solo(epochs=2))
    assert ended(served, study) == "done"
    assert "torch was imported before the job began" in log_file(served.home, study).read_text()
    assert served.studies.runs_of(study)[0].status == "done"


def test_a_job_that_does_not_listen_is_killed_after_a_second(served: Store) -> None:
    study = submit(served, solo(epochs=2000))
    eventually(lambda: epoch_of(served, study))
    process = process_of(served, study)
    process.suspend()
    jobs.stop(served, study)
    assert ended(served, study, 10) == "stopped"
    assert served.studies.runs_of(study)[0].status == "stopped"
    assert gone([process])


def test_two_run_at_once_the_rest_waits_in_order_and_a_waiting_one_stops_at_once(served: Store) -> None:
    first, second, third, fourth = [submit(served, solo(epochs=2000, seed=seed)) for seed in range(4)]
    eventually(lambda: epoch_of(served, first) and epoch_of(served, second))

    def places() -> list[int]:
        told = jobs.queue_places(served)
        return [told[study].ahead if study in told else -1 for study in (third, fourth)]

    assert [served.studies.get(study).status for study in (third, fourth)] == ["queued", "queued"]
    assert places() == [0, 1]
    jobs.stop(served, third)
    assert served.studies.get(third).status == "stopped"
    assert places()[1] == 0
    jobs.stop(served, first)
    eventually(lambda: epoch_of(served, fourth))
    assert served.studies.get(second).status == "running"
    for study in (second, fourth):
        jobs.stop(served, study)
    assert [ended(served, study, 10) for study in (second, fourth)] == ["stopped", "stopped"]


def test_a_dead_supervisor_is_replaced_and_its_jobs_leave_and_can_be_resumed(served: Store) -> None:
    study = submit(served, solo(2000, optim__batch=4))  # far longer than it takes to find and kill a process
    beyond_its_checkpoint(served, study)
    job = process_of(served, study)
    supervisor = supervisor_of(served)
    family = family_of(supervisor.pid)
    supervisor.kill()
    assert ended(served, study, 10) == "interrupted"
    eventually(lambda: gone([job, *family]), 10)

    reached = epoch_of(served, study)
    jobs.resume(served, study, DATA)
    eventually(lambda: epoch_of(served, study) > reached)
    jobs.stop(served, study)
    assert ended(served, study, 10) == "stopped"
