"""Workers: processes that have imported torch and wait for a study, by a fork server or as a spawned spare."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal, Protocol

import psutil

from kd_core.jobs import worker
from kd_core.jobs.locks import wake

Method = Literal["forkserver", "spawn"]
ACCELERATORS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""NVIDIA, AMD, and either of them under WSL."""


class Workers(Protocol):
    """Who starts a process for a study, at once."""

    def ready(self) -> bool:
        """Tell whether ``start`` would return at once."""

    def start(self, study: str) -> BaseProcess:
        """Carry out a study in a process of its own.

        Raises:
            OSError, EOFError: there is no process to be had.
        """

    def close(self) -> None:
        """Let go of every process that waits for a study."""


def start_method(system: str = sys.platform, accelerator: bool | None = None) -> Method:
    """Return how jobs are started: forked on Linux with the CPU, else spawned, since a GPU does not survive a fork.

    Args:
        system: as in ``sys.platform``.
        accelerator: whether there is a GPU; None looks for one, without importing torch.
    """
    if accelerator is None:
        accelerator = any(Path(path).exists() for path in ACCELERATORS)
    return "forkserver" if system == "linux" and not accelerator else "spawn"


def workers(method: Method, home: Path, data_root: Path) -> Workers:
    """Return the workers of a start method; they begin to import at once."""
    return ForkedWorkers(home, data_root) if method == "forkserver" else SpareWorkers(home, data_root)


class ForkedWorkers:
    """A fork server that has imported everything and done nothing else; a job is a fork of it."""

    def __init__(self, home: Path, data_root: Path) -> None:
        self.folders = (str(home), str(data_root))
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["kd_core.jobs.preload"])
        forkserver.ensure_running()
        self.warm = threading.Event()
        threading.Thread(target=self._try_out, daemon=True, name="first fork").start()

    def ready(self) -> bool:
        """Tell whether the fork server has imported everything; until then it forks nothing."""
        return self.warm.is_set()

    def start(self, study: str) -> BaseProcess:
        """Carry out a study in a fork."""
        process = self.context.Process(target=worker.work, args=(*self.folders, study), name=f"job {study}")
        process.start()
        return process

    def close(self) -> None:
        """End the fork server; it would leave with its last client, but only when it has imported everything."""
        for child in psutil.Process().children():
            child.terminate()

    def _try_out(self) -> None:
        """Fork a process that does nothing, which takes as long as the imports do."""
        with suppress(EOFError, OSError):  # it was ended before it was ready, or cannot live: ``start`` will raise
            first = self.context.Process(target=int)
            first.start()
            first.join()
        self.warm.set()
        wake(Path(self.folders[0]))


class SpareWorkers:
    """One spawned process that has imported everything takes the next study, and another one is spawned."""

    def __init__(self, home: Path, data_root: Path) -> None:
        self.folders = (str(home), str(data_root))
        self.context = multiprocessing.get_context("spawn")
        self.process, self.pipe = self._spawn()

    def ready(self) -> bool:
        """Return True: a pipe keeps what is sent to a spare that is not ready yet."""
        return True

    def start(self, study: str) -> BaseProcess:
        """Hand a study to the spare."""
        if not self.process.is_alive():
            self.close()
            self.process, self.pipe = self._spawn()
        process = self.process
        self.pipe.send_bytes(study.encode())
        self.pipe.close()
        self.process, self.pipe = self._spawn()
        return process

    def close(self) -> None:
        """End the spare."""
        self.pipe.close()
        self.process.join(timeout=2)
        self.process.kill()

    def _spawn(self) -> tuple[BaseProcess, Connection]:
        receiver, sender = self.context.Pipe(duplex=False)
        process = self.context.Process(target=worker.wait, args=(*self.folders, receiver), name="spare")
        process.start()
        receiver.close()
        return process, sender
