"""Job: what a process does that carries out one study, and how it learns that it should end."""

from __future__ import annotations

import faulthandler
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

from kd_core.errors import KDError, RunBusy
from kd_core.jobs.locks import held, job_lock, log_file
from kd_core.jobs.lost import BEGINS
from kd_core.store import Store
from kd_core.vocabulary import ENDS

log = logging.getLogger("kd_core")

POLL_SECONDS = 0.15
POLITE_SECONDS = 3.0
"""How long a job that was interrupted may take to reach its next step before it leaves without."""
LOCK_SECONDS = 5.0
"""How long to wait for a process that has recorded the study's end and is not gone yet."""


def work(home: str, data_root: str, study: str) -> None:
    """Carry out a study that waits; every outcome is in the store, and what nobody expected in the log."""
    torch_imported = "torch" in sys.modules
    _write_to(log_file(Path(home), study))
    print(f"{BEGINS} {study}, {time.strftime('%Y-%m-%d %H:%M:%S')}, process {os.getpid()}", file=sys.stderr)
    log.info("torch was %s", "imported before the job began" if torch_imported else "not imported yet")
    store = Store(home)
    try:
        carry_out(store, study, Path(data_root))
    except RunBusy as error:
        log.warning("%s", error)
    finally:
        store.close()


def carry_out(store: Store, study: str, data_root: Path) -> None:
    """Carry out a study in this process's main thread, until its end or until a person or a signal ends it.

    Args:
        store: where the study is.
        study: its id; it waits, or was added as running a moment ago.
        data_root: where torchvision sets lie.

    Raises:
        RunUnknown: there is none of that id.
        RunBusy: another process carries it out.
    """
    row = store.studies.get(study)
    with held(job_lock(store.home, study), wait=LOCK_SECONDS) as acquired:
        if not acquired:
            raise RunBusy(id=study, status=row.status)
        if not store.studies.begin(study) and store.studies.get(study).status != "running":
            return  # a person stopped it before it began
        stop = StopSignal(store, study)
        stop.listen()
        from kd_core.experiments import run_study

        run_study(store, study, data_root=data_root, stop_check=stop)
        stop.done.set()


def wait(home: str, data_root: str, pipe: Connection) -> None:
    """Import everything, then carry out the study that ``pipe`` names; leave when nobody is at its other end."""
    import kd_core.jobs.preload  # noqa: F401

    try:
        study = pipe.recv_bytes(64).decode()
    except EOFError:
        return
    work(home, data_root, study)


class StopSignal:
    """Returns between two steps how a study is to end: "" for not at all, "stopped", "paused" or "interrupted".

    Args:
        store: where a person's request is read, a few times a second.
        study: its id.
    """

    def __init__(self, store: Store, study: str) -> None:
        self.store, self.study = store, study
        self.interrupted, self.done = threading.Event(), threading.Event()
        self.polled_at = -POLL_SECONDS
        self.request = ""

    def __call__(self) -> str:
        """Return the request, read from the store at most every ``POLL_SECONDS``."""
        if self.interrupted.is_set():
            return "interrupted"
        if self.request != "stopped" and time.monotonic() - self.polled_at >= POLL_SECONDS:
            self.request = ENDS.get(self.store.studies.stop_requested(self.study) or "", "")
            self.polled_at = time.monotonic()
        return self.request

    def listen(self) -> None:
        """Take SIGTERM, Ctrl-C and the end of the supervisor as an interruption; call it in the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        threading.Thread(target=self._watch, daemon=True, name="stop signal").start()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.interrupted.set()

    def _watch(self) -> None:
        parent = multiprocessing.parent_process()
        while not self.interrupted.wait(0.1):
            if self.done.is_set():
                return
            if parent is not None and not parent.is_alive():
                self.interrupted.set()
        if self.done.wait(POLITE_SECONDS):
            return
        log.warning("interrupted, and no step ended within %s seconds", POLITE_SECONDS)
        try:
            self.store.studies.end(self.study, "interrupted")
        except KDError:
            log.exception("could not tell the store")
        finally:
            os._exit(1)


def _write_to(path: Path) -> None:
    """Send all that this process prints, logs or dies of into a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sys.stdout.flush()
    sys.stderr.flush()
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)
    faulthandler.enable(2)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True)
