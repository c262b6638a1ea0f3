"""Client: the side of the process that shows the pages: it keeps a supervisor alive, and its end ends the jobs."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from pathlib import Path

from kd_core.jobs.locks import is_free, server_lock, supervisor_lock

GUARD_SECONDS = 2.0
SHORT_LIFE_SECONDS = 10.0
ROOT = Path(__file__).resolve().parents[2]
"""Where ``kd_core`` is imported from."""

_clients: dict[Path, SupervisorClient] = {}
_former_clients: list[SupervisorClient] = []  # their supervisors may live on for another server
_lock = threading.Lock()


def ensure_supervisor(home: Path, data_root: Path, start_method: str | None = None) -> None:
    """Make sure that a store's queue is served for as long as this process lives; call it as often as you like.

    Args:
        home: the store's folder.
        data_root: where torchvision sets lie; the server that starts the supervisor decides.
        start_method: of jobs, "forkserver" or "spawn"; by default what suits this machine.
    """
    home = home.expanduser().absolute()
    with _lock:
        if home not in _clients:
            _clients[home] = SupervisorClient(home, data_root.expanduser().absolute(), start_method)
    _clients[home].ensure()


def leave(home: Path) -> None:
    """Take back ``ensure_supervisor``, as this process's end would; without another server jobs are interrupted."""
    with _lock:
        client = _clients.pop(home.expanduser().absolute(), None)
    if client is not None:
        client.leave()
        _former_clients.append(client)


def supervisor_is_a_service() -> bool:
    """Tell whether ``KD_SUPERVISOR`` says that a service of its own serves the queue, so that no server starts one."""
    return os.environ.get("KD_SUPERVISOR") == "service"


def is_served(home: Path) -> bool:
    """Tell whether a store's queue is served; one whose supervisor this process starts is, or will be in a moment."""
    return not supervisor_is_a_service() or not is_free(supervisor_lock(home))


class SupervisorClient:
    """This process at one store: its lock, its pipe to the supervisor, and a guard that replaces a dead one.

    Args:
        home: the store's folder.
        data_root: where torchvision sets lie.
        start_method: of jobs.
    """

    def __init__(self, home: Path, data_root: Path, start_method: str | None) -> None:
        self.home = home
        self.command = [sys.executable, "-m", "kd_core.jobs", "--home", str(home), "--data-root", str(data_root)]
        self.command += ["--start-method", start_method] if start_method else []
        self.lock = server_lock(home, f"{os.getpid()}-{secrets.token_hex(4)}")
        self.lock.acquire(timeout=10)
        self.start_lock = threading.Lock()
        self.closed = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at, self.pause = 0.0, GUARD_SECONDS
        threading.Thread(target=self._guard, daemon=True, name="supervisor's guard").start()

    def ensure(self) -> None:
        """Start a supervisor unless one lives, or is a service of its own that somebody else starts."""
        if supervisor_is_a_service():
            return
        with self.start_lock:
            if self.closed.is_set() or (self.process is not None and self.process.poll() is None):
                return
            if is_free(supervisor_lock(self.home)):
                self._close_pipe()
                self._start()

    def leave(self) -> None:
        """Let go of the lock and of the pipe."""
        with self.start_lock:
            self.closed.set()
            self.lock.release()
            self._close_pipe()

    def _start(self) -> None:
        log = self.home / "logs" / "supervisor.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        python_path = os.environ.get("PYTHONPATH")
        # A fork server does not inherit sys.path (CPython 3.11), and idle BLAS threads do not survive a fork.
        environment = {
            "PYTHONPATH": os.pathsep.join([str(ROOT), *([python_path] if python_path else [])]),
            "OPENBLAS_NUM_THREADS": "1",
        }
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,  # its end is how a supervisor learns that this process has died
                stdout=file,
                stderr=file,
                cwd=ROOT,
                env=os.environ | environment,
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        self.started_at = time.monotonic()

    def _guard(self) -> None:
        """Replace a supervisor that died; ever more slowly if it cannot live."""
        while not self.closed.wait(self.pause):
            died = self.process is not None and self.process.poll() not in (None, 0)
            short_lived = died and time.monotonic() - self.started_at < max(SHORT_LIFE_SECONDS, 2 * self.pause)
            self.pause = min(60.0, 2 * self.pause) if short_lived else GUARD_SECONDS
            self.ensure()

    def _close_pipe(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
