"""Supervisor: takes studies from a store's queue, gives each a process, and records how jobs end that cannot do so."""

from __future__ import annotations

import logging
import multiprocessing.connection
import signal
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from types import FrameType

from kd_core.errors import JobFailed, KDError, Reason
from kd_core.jobs.locks import servers_alive, woken_at
from kd_core.jobs.lost import find_lost, mark_ended
from kd_core.jobs.queue import slots
from kd_core.jobs.workers import Workers
from kd_core.store import Store, error_json
from kd_core.visitors import in_turn

log = logging.getLogger("kd_core.jobs")

TICK_SECONDS = 0.02
LOOK_SECONDS = 1.0
"""The queue is looked at when somebody calls ``wake``, and at least this often."""
STOP_SECONDS = 1.0
LEAVE_SECONDS = 4.0
"""A little longer than a job takes to leave by itself."""


@dataclass
class Job:
    """A study in its process; ``kill_at`` is set when a person wants it to stop."""

    study: str
    process: BaseProcess
    kill_at: float | None = None


class Supervisor:
    """The one per store.

    Args:
        store: whose queue it serves.
        workers: who starts processes.
    """

    def __init__(self, store: Store, workers: Workers) -> None:
        self.store, self.workers = store, workers
        self.jobs: dict[str, Job] = {}
        self.stdin_closed = threading.Event()
        self.leave_requested = threading.Event()
        self.queue_checked_at, self.woken_at = 0.0, 0
        self.servers_checked_at = 0.0

    def listen(self) -> None:
        """Leave on SIGTERM and SIGINT."""
        for name in ("SIGTERM", "SIGINT"):
            signal.signal(getattr(signal, name), self._on_signal)

    def listen_to_server(self) -> None:
        """Watch standard input, whose other end the server that started this process holds: leave with the last one."""
        threading.Thread(target=self._watch_stdin, daemon=True, name="stdin").start()

    def serve(self) -> None:
        """Serve the queue until no server is left."""
        while True:
            while not self._should_leave():
                self._turn()
            self._interrupt_jobs()
            if self.leave_requested.is_set() or not servers_alive(self.store.home):
                break  # else another server came while the jobs were leaving
        self.workers.close()

    def _turn(self) -> None:
        try:
            self._kill_overdue()
            self._reap()
            if self._queue_changed():
                find_lost(self.store, supervised=self.jobs)
                self._schedule_kills()
                self._fill()
        except (
            KDError,
            OSError,
        ) as error:  # a full or busy disk: what was not recorded now is recorded in a later turn
            log.warning("%s", error)
            time.sleep(LOOK_SECONDS)
        sentinels = [job.process.sentinel for job in self.jobs.values()]
        if sentinels:
            multiprocessing.connection.wait(sentinels, timeout=TICK_SECONDS)
        else:
            time.sleep(TICK_SECONDS)

    def _queue_changed(self) -> bool:
        woken, now = woken_at(self.store.home), time.monotonic()
        if woken == self.woken_at and now - self.queue_checked_at < LOOK_SECONDS:
            return False
        self.woken_at, self.queue_checked_at = woken, now
        return True

    def _fill(self) -> None:
        """Start what waits, as long as there is a free place."""
        if not self.workers.ready():
            return
        in_order = in_turn(self.store.owners.alive(), self.store.owners.last_served())
        waiting = [row.id for row in in_order if row.id not in self.jobs]
        free_slots = slots(self.store) - len(self.jobs) if waiting else 0
        for study in waiting[: max(0, free_slots)]:
            try:
                self.jobs[study] = Job(study, self.workers.start(study))
            except (OSError, EOFError) as error:
                log.exception("study %s", study)
                words = "no process could be started ({said}); see logs/supervisor.log."
                reason = Reason("job_not_started", words, said=f"{type(error).__name__} {error}")
                self.store.studies.end(study, "failed", error_json(JobFailed(reason=reason)))
            else:
                log.info("study %s: process %s", study, self.jobs[study].process.pid)

    def _schedule_kills(self) -> None:
        """Give a job that was asked to stop a second for it."""
        for job in self.jobs.values():
            if job.kill_at is None and self.store.studies.stop_requested(job.study) == "stop":
                job.kill_at = time.monotonic() + STOP_SECONDS

    def _kill_overdue(self) -> None:
        for job in self.jobs.values():
            if job.kill_at is not None and time.monotonic() >= job.kill_at and job.process.is_alive():
                log.info("study %s: killed after a second", job.study)
                job.process.kill()
                job.process.join(timeout=1)

    def _reap(self) -> None:
        """See which processes have ended; those that recorded no end are ended by their exit code."""
        for job in [job for job in self.jobs.values() if not job.process.is_alive()]:
            code = job.process.exitcode or 0
            status = "lost" if job.kill_at is None else "stopped"
            if mark_ended(self.store, job.study, status, code):
                log.info("study %s: %s, exit code %s", job.study, status, code)
            del self.jobs[job.study]
            self.queue_checked_at = 0.0  # a place is free

    def _interrupt_jobs(self) -> None:
        """Ask every job to keep a checkpoint and leave, and end those that do not."""
        for job in self.jobs.values():
            job.process.terminate()
        deadline = time.monotonic() + LEAVE_SECONDS
        for job in list(self.jobs.values()):
            job.process.join(timeout=max(0.0, deadline - time.monotonic()))
            job.process.kill()
            job.process.join(timeout=1)
            try:
                mark_ended(self.store, job.study, "interrupted", job.process.exitcode or 0)
            except KDError as error:  # the next supervisor will find it lost
                log.warning("%s", error)
            del self.jobs[job.study]

    def _should_leave(self) -> bool:
        """Tell whether no server is left that wants the queue served."""
        if self.leave_requested.is_set() or not self.store.home.exists():
            return True
        if not self.stdin_closed.is_set() or time.monotonic() - self.servers_checked_at < 0.2:
            return False
        self.servers_checked_at = time.monotonic()
        return not servers_alive(self.store.home)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.leave_requested.set()

    def _watch_stdin(self) -> None:
        while sys.stdin.buffer.read(1):
            pass
        self.stdin_closed.set()
