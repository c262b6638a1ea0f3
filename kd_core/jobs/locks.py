"""Locks: operating-system file locks under a store's folder, which fall with their process however it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

UNLINK_AFTER_SECONDS = 60.0
"""A server's lock file younger than this may be about to be locked."""


def supervisor_lock(home: Path) -> FileLock:
    """Return the lock that a store's one supervisor holds for its life."""
    return _lock(home / "locks" / "supervisor.lock")


def job_lock(home: Path, study: str) -> FileLock:
    """Return the lock that whoever trains a study holds; ``study`` comes from the store, never from outside."""
    return _lock(home / "locks" / "jobs" / f"{study}.lock")


def server_lock(home: Path, name: str) -> FileLock:
    """Return the lock that a server holds for as long as it wants jobs to go on."""
    return _lock(home / "locks" / "servers" / f"{name}.lock")


def log_file(home: Path, study: str) -> Path:
    """Return where a study's job writes what nobody expected."""
    return home / "logs" / f"{study}.log"


@contextmanager
def held(lock: FileLock, wait: float = 0.0) -> Iterator[bool]:
    """Hold a lock for a block; False where somebody else has it.

    Args:
        lock: to be taken.
        wait: seconds.
    """
    try:
        lock.acquire(timeout=wait, poll_interval=0.02)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def is_free(lock: FileLock) -> bool:
    """Tell whether nobody holds a lock at this moment."""
    with held(lock) as acquired:
        return acquired


def servers_alive(home: Path) -> bool:
    """Tell whether a server holds its lock on this store; the files of long dead ones are removed."""
    alive = False
    for path in (home / "locks" / "servers").glob("*.lock"):
        with held(_lock(path)) as dead:
            alive = alive or not dead
            with suppress(OSError):
                if dead and time.time() - path.stat().st_mtime > UNLINK_AFTER_SECONDS:
                    path.unlink()
    return alive


def wake(home: Path) -> None:
    """Make the supervisor look at the queue now instead of at its next second."""
    with suppress(OSError):  # on a full disk the second has to do
        path = _wake_file(home)
        path.parent.mkdir(exist_ok=True)
        path.touch()


def woken_at(home: Path) -> int:
    """Return when ``wake`` was last called, in nanoseconds; 0 for never."""
    with suppress(OSError):
        return _wake_file(home).stat().st_mtime_ns
    return 0


def _wake_file(home: Path) -> Path:
    return home / "locks" / "wake"


def _lock(path: Path) -> FileLock:
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path, thread_local=False)
