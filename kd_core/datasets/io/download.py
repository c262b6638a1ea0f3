"""Downloading: a file from one of several addresses, checked, with progress."""

from __future__ import annotations

import hashlib
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

CHUNK = 1 << 18
TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Archive:
    """A file to fetch.

    Args:
        urls: where it lies, tried in turn.
        path: where it goes, relative to the folder of the download.
        md5: 32 hexadecimal digits.
    """

    urls: tuple[str, ...]
    path: str
    md5: str


def fetch(archive: Archive, folder: Path, received: Callable[[int], None]) -> None:
    """Write an archive to ``folder / archive.path``.

    Args:
        archive: what to fetch.
        folder: made where it does not exist.
        received: called with the number of bytes of this file that have come.

    Raises:
        OSError: no address gave the file; the text says why each of them failed.
    """
    target = folder / archive.path
    target.parent.mkdir(parents=True, exist_ok=True)
    failures: list[str] = []
    for url in archive.urls:
        try:
            md5 = _stream(url, target, received)
        except (OSError, HTTPException) as error:
            failures.append(f"{url}: {error or type(error).__name__}")
            continue
        if md5 == archive.md5:
            return
        failures.append(f"{url}: what came is not the expected file")
    raise OSError("; ".join(failures))


def _stream(url: str, target: Path, received: Callable[[int], None]) -> str:
    """Write what lies at ``url`` and return its MD5."""
    digest, size = hashlib.md5(usedforsecurity=False), 0
    request = urllib.request.Request(url, headers={"User-Agent": "kd-playground"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response, target.open("wb") as file:
        while chunk := response.read(CHUNK):
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            received(size)
    return digest.hexdigest()
