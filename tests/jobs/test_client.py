"""The page server's side of jobs: light, with one supervisor however many ask, and a lock that falls with it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from kd_core import jobs
from kd_core.jobs.locks import held, server_lock, servers_alive
from kd_core.store import Store
from tests.jobs.processes import ROOT
from tests.small_studies import DATA


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


def test_a_server_s_lock_falls_with_it(store: Store) -> None:
    assert not servers_alive(store.home)
    with held(server_lock(store.home, "one")):
        assert servers_alive(store.home)
    assert not servers_alive(store.home)
