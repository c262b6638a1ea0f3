"""Downloading: files from one of several addresses each, checked, with progress, and an end to waiting."""

from __future__ import annotations

import hashlib
import queue
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

CHUNK = 1 << 18
SILENCE_SECONDS = 10.0
"""So long nothing may come, from all addresses of a file together."""
LEAST_BYTES = 1024
"""What comes in smaller drops is silence, too."""
LOOK_SECONDS = 0.5

Waiting = Callable[[str, float], None]
"""Called while nothing comes, with the server's name and how much of the patience is spent (0..1)."""


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


class Download:
    """The files of one dataset, one after the other; a server that stayed silent is asked last from then on.

    Args:
        folder: where they go; made where it does not exist.
        waiting: told of silence.
        patience: seconds of silence after which nothing more is hoped for.
    """

    def __init__(
        self, folder: Path, waiting: Waiting = lambda server, spent: None, patience: float = SILENCE_SECONDS
    ) -> None:
        self.folder, self.waiting, self.patience = folder, waiting, patience
        self.silent: set[str] = set()

    def fetch(self, archive: Archive, received: Callable[[int], None]) -> None:
        """Write an archive to its path below the folder.

        Args:
            archive: what to fetch.
            received: called with the number of bytes of this file that have come.

        Raises:
            OSError: no address gave the file; the text says why each of them failed.
        """
        target = self.folder / archive.path
        target.parent.mkdir(parents=True, exist_ok=True)
        failures: list[str] = []
        left = self.patience
        urls = sorted(archive.urls, key=lambda url: _server(url) in self.silent)
        for position, url in enumerate(urls):
            try:
                md5 = self._stream(url, target, received, left / (len(urls) - position))
            except TimeoutError:
                left -= left / (len(urls) - position)
                self.silent.add(_server(url))
                failures.append(f"{url}: the server stayed silent")
            except (OSError, HTTPException) as error:
                failures.append(f"{url}: {error or type(error).__name__}")
            else:
                if md5 == archive.md5:
                    return
                failures.append(f"{url}: what came is not the expected file")
        raise OSError("; ".join(failures))

    def _stream(self, url: str, target: Path, received: Callable[[int], None], patience: float) -> str:
        """Write what lies at ``url`` and return its MD5.

        Raises:
            TimeoutError: for so many seconds next to nothing came.
            OSError, HTTPException: it cannot be had.
        """
        digest, size, noticed = hashlib.md5(usedforsecurity=False), 0, 0
        heard_at = time.monotonic()
        stream = _Stream(url)
        try:
            with target.open("wb") as file:
                while (chunk := stream.next(min(LOOK_SECONDS, patience / 4))) != b"":
                    if chunk is not None:
                        file.write(chunk)
                        digest.update(chunk)
                        size += len(chunk)
                        received(size)
                    now = time.monotonic()
                    if size - noticed >= LEAST_BYTES:
                        noticed, heard_at = size, now
                    elif now - heard_at >= patience:
                        raise TimeoutError
                    elif chunk is None:
                        self.waiting(_server(url), (now - heard_at) / patience)
        finally:
            stream.left.set()
        return digest.hexdigest()


class _Stream:
    """What comes from an address, read in a thread: looking up a name and connecting know no limit of their own."""

    def __init__(self, url: str) -> None:
        self.request = urllib.request.Request(url, headers={"User-Agent": "kd-playground"})
        self.chunks: queue.Queue[bytes | Exception] = queue.Queue(maxsize=8)
        self.left = threading.Event()
        threading.Thread(target=self._read, daemon=True, name="download").start()

    def next(self, seconds: float) -> bytes | None:
        """Return the next bytes, b"" at the end, or None where nothing came in time."""
        try:
            chunk = self.chunks.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    def _read(self) -> None:
        try:
            with urllib.request.urlopen(self.request, timeout=SILENCE_SECONDS) as response:
                while (chunk := response.read1(CHUNK)) and self._put(chunk):
                    pass
            self._put(b"")
        except Exception as error:  # it belongs to who waits for the bytes
            self._put(error)

    def _put(self, chunk: bytes | Exception) -> bool:
        while not self.left.is_set():
            try:
                self.chunks.put(chunk, timeout=LOOK_SECONDS)
            except queue.Full:
                continue
            return True
        return False


def _server(url: str) -> str:
    return urlsplit(url).netloc or "this machine"
