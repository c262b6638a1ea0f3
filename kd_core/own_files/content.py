"""The bytes of a file from outside: read up to a limit, and told apart by a digest."""

from __future__ import annotations

import hashlib
import time
from functools import lru_cache
from pathlib import Path
from typing import Final

from kd_core.errors import Reason, UploadRefused, system_reason

MOST_BYTES: Final = 500_000_000
CHUNK: Final = 1 << 22
SETTLED_SECONDS: Final = 2.0


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes.

    Args:
        path: where it lies.

    Raises:
        UploadRefused: it is not there, no file, empty, too large or not readable.
    """
    try:
        if path.is_dir():
            raise UploadRefused(file=path.name, reason=Reason("own_folder", "it is a folder."))
        if not path.is_file():
            raise UploadRefused(file=path.name, reason=Reason("own_no_file", "there is no such file."))
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise UploadRefused(file=path.name, reason=too_large(size))
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = Reason("own_unreadable", "it cannot be read ({said}).", said=system_reason(error))
        raise UploadRefused(file=path.name, reason=reason) from error
    if not content:
        raise UploadRefused(file=path.name, reason=empty())
    return content


def empty() -> Reason:
    """Return the sentence on a file without anything in it."""
    return Reason("own_empty", "it is empty.")


def damaged(error: Exception) -> Reason:
    """Return the sentence on a file that a library could not read to its end."""
    words = "it is damaged, or no such file ({said})."
    return Reason("own_damaged", words, said=" ".join(str(error).split())[:200])


def too_large(size: int) -> Reason:
    """Return the sentence on a file of so many bytes."""
    words = "it holds {size} MB, and {most} MB are allowed."
    return Reason("own_large", words, size=f"{size / 1e6:,.0f}", most=f"{MOST_BYTES / 1e6:,.0f}")


def content_of_file(path: Path) -> str:
    """Return 16 hexadecimal digits that tell a file's content; empty where there is no such file."""
    file = path.expanduser()
    try:
        if not file.is_file():
            return ""
        stat = file.stat()
        if time.time() - stat.st_mtime < SETTLED_SECONDS:  # what was just written may be written again within one tick
            return _digest_of(file)
        return _settled_digest(file, stat.st_mtime_ns, stat.st_size)
    except (OSError, ValueError):
        return ""


@lru_cache(maxsize=64)
def _settled_digest(file: Path, written_at: int, size: int) -> str:
    """A form asks with every rerun; a file that has not been written to has the digest that it had."""
    return _digest_of(file)


def _digest_of(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()[:16]
