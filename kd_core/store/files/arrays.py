"""Files: safetensors written whole or not at all, and read without ever unpickling anything."""

from __future__ import annotations

import errno
import json
import os
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from kd_core.errors import StoreFull, StoreUnusable, system_reason

Arrays = Mapping[str, NDArray[Any]]

CHECKSUM = "crc32"
"""Under which name a file's metadata hold the checksum of all else; files of version 0.3 have none."""
UNREADABLE = (OSError, SafetensorError, KeyError, TypeError, ValueError)
"""What is raised for a file that is missing, cut short or overwritten by anything."""


def disk_error(error: OSError, home: Path) -> StoreFull | StoreUnusable:
    """Return the error to raise for a file that could not be written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return (StoreFull if full else StoreUnusable)(home=home, reason=system_reason(error))


def write_arrays(path: Path, arrays: Arrays, home: Path, metadata: dict[str, str] | None = None) -> None:
    """Write arrays to ``path``; what was there stays until the new file is whole.

    Raises:
        StoreFull, StoreUnusable: it could not be written.
    """
    facts = dict(metadata or {})
    write_bytes(path, packed(arrays, {**facts, CHECKSUM: _checksum(arrays, facts)}), home)


def packed(arrays: Arrays, metadata: Mapping[str, str] | None = None) -> bytes:
    """Return a safetensors file of arrays: equal contents give equal bytes.

    The library writes its metadata in an order that changes from call to call; here it is sorted.
    """
    content = save({name: np.asarray(values, order="C") for name, values in arrays.items()}, dict(metadata or {}))
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header.pop("__metadata__", {}).items()))
    ordered = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    ordered += b" " * (-len(ordered) % 8)  # as the library does: the arrays begin at a multiple of 8
    return len(ordered).to_bytes(8, "little") + ordered + content[8 + size :]


def write_bytes(path: Path, content: bytes, home: Path) -> None:
    """Write a file; what was there stays until the new one is whole.

    Raises:
        StoreFull, StoreUnusable: it could not be written.
    """
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise disk_error(error, home) from error


def read_arrays(path: Path) -> dict[str, NDArray[Any]] | None:
    """Return all arrays of a file, or None where there is none or it is damaged."""
    try:
        with safe_open(path, framework="numpy") as file:
            facts = dict(file.metadata() or {})
            arrays: dict[str, NDArray[Any]] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        expected = facts.pop(CHECKSUM, None)
        return arrays if expected in (None, _checksum(arrays, facts)) else None
    except UNREADABLE:
        return None


def read_part(path: Path, name: str, *index: int) -> NDArray[Any] | None:
    """Return one array of a file, or the part of it at ``index``, without reading the rest; None where it is not.

    The first time the whole file is read, to see whether it is damaged.
    """
    try:
        if not is_whole(path):
            return None
        with safe_open(path, framework="numpy") as file:
            if name not in file.keys():  # noqa: SIM118 (no __contains__)
                return None
            if not index:
                whole: NDArray[Any] = file.get_tensor(name)
                return whole
            part = file.get_slice(name)
            if any(at >= size for at, size in zip(index, part.get_shape(), strict=False)):
                return None
            return np.asarray(part[index])
    except UNREADABLE:
        return None


def is_whole(path: Path) -> bool:
    """Tell whether a file is there and not damaged, as far as its checksum tells."""
    try:
        stat = path.stat()
    except OSError:
        return False
    return _is_whole(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=20_000)
def _is_whole(path: Path, written_at: int, size: int) -> bool:
    return read_arrays(path) is not None


def _checksum(arrays: Arrays, metadata: Mapping[str, str]) -> str:
    names = sorted(arrays)
    shapes = [(name, str(arrays[name].dtype), list(arrays[name].shape)) for name in names]
    crc = zlib.crc32(json.dumps([shapes, sorted(metadata.items())]).encode())
    for name in names:
        crc = zlib.crc32(np.ascontiguousarray(arrays[name]).data, crc)
    return f"{crc:08x}"


def half(values: NDArray[Any]) -> NDArray[np.float16]:
    """Return float16 of the same shape, with what would become infinite at its largest finite number."""
    halved: NDArray[np.float16] = np.clip(values, -65504, 65504).astype(np.float16)
    return halved


def size_of(path: Path) -> int:
    """Return a file's bytes; 0 where a job has just replaced it."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
