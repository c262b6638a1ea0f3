"""Servers that come and go: whose jobs live on, and that none leaves a process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kd_core import jobs
from kd_core.jobs.locks import is_free, log_file, servers_alive, supervisor_lock
from kd_core.store import Store
from tests.jobs.processes import ROOT, children_of_the_tests, family_of, gone, submit
from tests.small_studies import DATA, ended, epoch_of, eventually, solo


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
    family = [one for one in children_of_the_tests() if str(store.home) in " ".join(one.cmdline())]
    family += [child for one in family for child in one.children(recursive=True)]
    assert len(family) >= 2
    jobs.stop(store, study)
    assert ended(store, study, 10) == "stopped"
    jobs.leave(store.home)
    eventually(lambda: gone(family), 15)


def test_a_supervisor_that_is_a_service_serves_without_a_server_and_none_starts_another(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KD_SUPERVISOR", "service")
    short, long = submit(store, solo(epochs=2)), submit(store, solo(epochs=2000, seed=1))
    assert not jobs.is_served(store.home)
    assert is_free(supervisor_lock(store.home))
    command = [sys.executable, "-m", "kd_core.jobs", "--home", str(store.home), "--data-root", str(DATA), "--stay"]
    service = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=ROOT)
    try:
        assert ended(store, short, 40) == "done"
        assert jobs.is_served(store.home)
        eventually(lambda: epoch_of(store, long))
        family = family_of(service.pid)
    finally:
        service.terminate()
        service.wait(timeout=15)
    assert ended(store, long, 15) == "interrupted"
    eventually(lambda: gone(family), 15)
    jobs.leave(store.home)
