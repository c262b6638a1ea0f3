"""Jobs: real processes that train, are stopped, are killed and go on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest

from kd_core import jobs
from kd_core.errors import NothingToResume, RunUnknown, StoreFull
from kd_core.experiments.study_runner import run_study
from kd_core.jobs.locks import held, is_free, job_lock, log_file, server_lock, servers_alive, supervisor_lock
from kd_core.jobs.lost import log_tail, mark_ended
from kd_core.jobs.supervisor import Supervisor
from kd_core.jobs.workers import start_method
from kd_core.recipe import Study
from kd_core.store import Store
from tests.small_studies import DATA, ended, epoch_of, eventually, often_checkpointed, solo

ROOT = Path(__file__).parents[2]


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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of which nobody knows."""
    made = often_checkpointed(tmp_path / "home")
    yield made
    made.close()


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


def submit(store: Store, study: Study) -> str:
    return jobs.submit(store, study, data_root=DATA, fresh=True)


def process_of(store: Store, study: str) -> psutil.Process:
    """Return the process of a study's latest job, as its log tells it."""
    log = eventually(lambda: (path := log_file(store.home, study)).exists() and path.read_text())
    return psutil.Process(int(re.findall(r"process (\d+)", log)[-1]))


def beyond_its_checkpoint(store: Store, study: str) -> None:
    """Wait until a study has a checkpoint and told more epochs than it holds."""
    run = eventually(lambda: store.studies.runs_of(study).get(0)).id
    kept = eventually(lambda: store.files.checkpoint(run))
    eventually(lambda: epoch_of(store, study) > kept["progress"].flat[0] + 3)


def gone(processes: list[psutil.Process]) -> bool:
    return all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in processes)


def family_of(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


# ---- one supervisor serves all of these


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
        return [served.studies.ahead_of(served.studies.get(study)) for study in (third, fourth)]

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


def supervisor_of(store: Store) -> psutil.Process:
    """Return the supervisor of this store; other tests' pages have theirs in the same process."""
    alive = [one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE]
    [supervisor] = [one for one in alive if {"kd_core.jobs", str(store.home)} <= set(one.cmdline())]
    return supervisor


# ---- servers that come and go


class Server:
    """A process like the dashboard's."""

    def __init__(self, home: Path, *epochs: str) -> None:
        command = [sys.executable, str(ROOT / "tests" / "jobs" / "server_process.py"), str(home), *epochs]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
        assert self.process.stdout is not None
        self.study = self.process.stdout.readline().strip()

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()


def test_jobs_outlive_a_server_while_another_is_there_and_the_last_one_s_death_leaves_no_process(store: Store) -> None:
    first = Server(store.home, "2000")
    second = Server(store.home)
    eventually(lambda: epoch_of(store, first.study))
    family = family_of(first.process.pid)[1:]
    assert len(family) >= 3  # supervisor, fork server, job

    first.end(signal.SIGTERM)
    before = epoch_of(store, first.study)
    time.sleep(1)
    assert store.studies.get(first.study).status == "running"
    eventually(lambda: epoch_of(store, first.study) > before)

    second.end(signal.SIGKILL)
    assert ended(store, first.study, 15) == "interrupted"
    eventually(lambda: gone(family), 15)
    assert not servers_alive(store.home)
    assert is_free(supervisor_lock(store.home))


def test_a_server_that_ends_while_its_supervisor_begins_leaves_no_process(store: Store) -> None:
    server = Server(store.home, "2000")
    family = eventually(lambda: children if len(children := family_of(server.process.pid)[1:]) >= 2 else None)
    server.end(signal.SIGTERM)
    eventually(lambda: gone(family), 15)
    assert ended_or_waits(store, server.study)


def ended_or_waits(store: Store, study: str) -> bool:
    return store.studies.get(study).status in ("queued", "interrupted")


def test_a_spawned_spare_carries_out_studies_too_and_leaves(store: Store) -> None:
    jobs.ensure_supervisor(store.home, DATA, "spawn")
    study = submit(store, solo(epochs=2000))
    eventually(lambda: epoch_of(store, study))
    assert "torch was imported before the job began" in log_file(store.home, study).read_text()
    family = [p for p in psutil.Process().children(recursive=True) if str(store.home) in " ".join(p.cmdline())]
    family += [child for one in family for child in one.children(recursive=True)]
    assert len(family) >= 2
    jobs.stop(store, study)
    assert ended(store, study, 10) == "stopped"
    jobs.leave(store.home)
    eventually(lambda: gone(family), 15)


# ---- without processes


def test_jobs_are_forked_only_on_linux_without_a_gpu() -> None:
    assert start_method("linux", accelerator=False) == "forkserver"
    assert start_method("linux", accelerator=True) == "spawn"
    assert start_method("darwin", accelerator=False) == "spawn"
    assert start_method("win32", accelerator=False) == "spawn"


def test_pages_may_import_jobs_without_torch() -> None:
    code = "import sys, kd_core.jobs, kd_core.jobs.supervisor, kd_core.jobs.workers; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})


def test_many_threads_start_one_supervisor(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []

    class NoProcess:
        stdin = None

        def __init__(self, command: list[str], **how: Any) -> None:
            time.sleep(0.05)
            started.append(command)

        def poll(self) -> None:
            return None

    monkeypatch.setattr(subprocess, "Popen", NoProcess)
    threads = [threading.Thread(target=jobs.ensure_supervisor, args=(store.home, DATA)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == 1
    assert servers_alive(store.home)
    jobs.leave(store.home)
    assert not servers_alive(store.home)


def test_a_running_study_whose_lock_is_free_is_lost_with_the_last_words_of_its_log(store: Store) -> None:
    study = store.studies.add(solo(), status="running")
    run = store.runs.begin(study, [solo().members[0].recipe])[0]
    path = log_file(store.home, study)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 9000 + b"\n---- study s, today\n10:00 INFO on my way\n\x1b[31mSegmentation\xff fault\x00\n")
    assert jobs.mark_lost(store) == []  # it may be about to take its lock
    store.studies.update(study, started=time.time() - 60)
    with held(job_lock(store.home, study)):
        assert jobs.mark_lost(store) == []
    assert jobs.mark_lost(store) == [study]
    row = store.studies.get(study)
    assert row.status == "lost" and row.error is not None
    assert "Segmentation" in row.error["sentence"]
    assert not any(sign in row.error["sentence"] for sign in ("INFO", "\x1b", "\x00", "xxx"))
    assert store.runs.get(run).status == "lost"
    assert jobs.mark_lost(store) == []


def test_while_a_supervisor_lives_it_alone_tells_what_is_lost(store: Store) -> None:
    study = store.studies.add(solo(), status="running")
    store.studies.update(study, started=0.0)
    with held(supervisor_lock(store.home)):
        assert jobs.mark_lost(store) == []


def test_a_job_that_crashed_before_it_began_is_not_tried_for_ever(store: Store) -> None:
    study = store.studies.add(solo())
    assert mark_ended(store, study, "lost", exitcode=1)
    assert store.studies.get(study).status == "lost"


def test_a_job_that_died_after_a_person_asked_it_to_stop_is_stopped(store: Store) -> None:
    study = store.studies.add(solo(), status="running")
    store.studies.ask_stop(study)
    assert mark_ended(store, study, "lost", exitcode=-9)
    assert store.studies.get(study).status == "stopped"


def test_stop_ends_a_running_study_whose_job_nobody_missed(store: Store) -> None:
    study = store.studies.add(solo(), status="running")
    jobs.stop(store, study)
    assert store.studies.get(study).status == "stopped"
    jobs.stop(store, study)  # once more changes nothing


@pytest.mark.parametrize("unknown", ["nobody", "../../etc/passwd", "/etc/passwd", "", "a\x00b"])
def test_unknown_ids_are_told_and_touch_no_file(store: Store, unknown: str) -> None:
    acts: list[Callable[[], object]] = [
        lambda: jobs.stop(store, unknown),
        lambda: jobs.resume(store, unknown, DATA),
        lambda: jobs.carry_out(store, unknown, DATA),
    ]
    for act in acts:
        with pytest.raises(RunUnknown):
            act()
    assert not (store.home / "locks").exists()


def test_a_finished_study_cannot_be_resumed(store: Store) -> None:
    study = store.studies.add(solo())
    store.studies.end(study, "done")
    with pytest.raises(NothingToResume):
        jobs.resume(store, study, DATA)


def test_last_words_of_no_log_are_none(tmp_path: Path) -> None:
    assert log_tail(tmp_path / "nothing.log") == ""


def test_a_server_s_lock_falls_with_it(store: Store) -> None:
    assert not servers_alive(store.home)
    with held(server_lock(store.home, "one")):
        assert servers_alive(store.home)
    assert not servers_alive(store.home)


class Dead:
    """A process that ended with an error before anybody looked."""

    pid, exitcode, sentinel = 1, 1, None

    def is_alive(self) -> bool:
        return False


class NoWorkers:
    """Workers whose processes are dead, or cannot be had at all."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def ready(self) -> bool:
        return True

    def start(self, study: str) -> Any:
        if self.error:
            raise self.error
        return Dead()

    def close(self) -> None: ...


@pytest.mark.parametrize("error", [OSError("Cannot allocate memory"), EOFError()])
def test_a_study_for_which_no_process_can_be_had_fails_and_the_queue_goes_on(store: Store, error: Exception) -> None:
    studies = [store.studies.add(solo()) for _ in range(2)]
    jobs.set_slots(store, 2)
    Supervisor(store, NoWorkers(error))._turn()
    for study in studies:
        row = store.studies.get(study)
        assert row.status == "failed" and row.error is not None
        assert type(error).__name__ in row.error["sentence"]


def test_a_supervisor_outlives_a_full_disk_and_tells_later_what_it_could_not_write(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kd_core.jobs.supervisor.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("multiprocessing.connection.wait", lambda *_, **__: [])
    study = store.studies.add(solo())
    supervisor = Supervisor(store, NoWorkers())
    supervisor._turn()
    end, refusals = store.studies.end, [1, 2]

    def end_on_a_full_disk(*arguments: Any) -> None:
        if refusals.pop():
            refusals.insert(0, 0)
            raise StoreFull(home=store.home, reason="database or disk is full")
        end(*arguments)

    monkeypatch.setattr(store.studies, "end", end_on_a_full_disk)
    for _ in range(4):
        supervisor._turn()
    monkeypatch.undo()
    assert store.studies.get(study).status == "lost"
    assert supervisor.jobs == {}
