"""Working folders: made for one piece of work, gone with its end, and swept where whoever made one was killed."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

UPLOAD, DOWNLOAD = ".upload-", ".download-"
"""What the names of working folders begin with."""
PATIENCE_SECONDS = 10.0


@contextmanager
def working_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Make a folder in ``parent``, on the same disk as what will be moved out of it, and remove it afterwards.

    A lock beside it, which the operating system lets go of however this process ends, tells that somebody is at work.
    What earlier work left behind is removed first.
    """
    sweep(parent, prefix)
    lock, folder = _locked(parent, prefix)
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def sweep(parent: Path, prefix: str) -> None:
    """Remove the working folders of those who were killed; whatever cannot be removed stays for the next time."""
    names = {path.name.removesuffix(".lock") for path in parent.glob(f"{prefix}*")}
    for name in sorted(names):
        lock = _lock(parent / name)
        with suppress(OSError, Timeout, NotImplementedError), lock.acquire(timeout=0):
            shutil.rmtree(parent / name, ignore_errors=True)
            Path(lock.lock_file).unlink(missing_ok=True)


def sweep_leftovers(uploads: Path, data_root: Path) -> None:
    """Remove what uploads and downloads left behind that were killed."""
    sweep(uploads, UPLOAD)
    sweep(data_root, DOWNLOAD)


def _locked(parent: Path, prefix: str) -> tuple[FileLock, Path]:
    """Return a lock that is held, and the folder that it stands for."""
    while True:
        folder = parent / f"{prefix}{secrets.token_hex(4)}"
        lock = _lock(folder)
        lock.acquire(timeout=PATIENCE_SECONDS)
        if Path(lock.lock_file).exists():
            return lock, folder
        lock.release()  # a sweep took the file for a left one before it was locked


def _lock(folder: Path) -> FileLock:
    return FileLock(folder.with_name(f"{folder.name}.lock"), thread_local=False)
