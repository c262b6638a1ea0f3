"""NPZ and safetensors as named arrays: headers are checked before anything is unpacked, and nothing is unpickled."""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kd_core.errors import Reason, UploadRefused
from kd_core.own_files.content import MOST_BYTES, damaged, too_large

Arrays = dict[str, NDArray[Any]]

ZIP: Final = b"PK\x03\x04"
EMPTY_ZIP: Final = b"PK\x05\x06"
PICKLE: Final = b"\x80"
TYPES: Final = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "<i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "<u1",
    "BOOL": "?",
}
BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


def is_zip(content: bytes) -> bool:
    """Tell whether a file is a zip, as NPZ is."""
    return content[:4] in (ZIP, EMPTY_ZIP)


def is_safetensors(content: bytes) -> bool:
    """Tell whether a file begins as safetensors do: eight bytes of length, and a header in JSON."""
    return len(content) > 9 and content[8:9] == b"{" and _header_size(content) + 8 <= len(content)


def refuse_pickle(content: bytes, file: str) -> None:
    """Refuse a pickle by its first byte.

    Raises:
        UploadRefused: it is one.
    """
    if content[:1] == PICKLE and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        raise UploadRefused(file=file, reason=_pickled())


def _pickled() -> Reason:
    words = (
        "it holds pickled Python objects, which could do anything when they are opened, so it was not. Save plain "
        "arrays as NPZ, or tensors as safetensors."
    )
    return Reason("own_pickle", words)


def npz_arrays(content: bytes, file: str) -> Arrays:
    """Return the arrays of an NPZ file, by name.

    Raises:
        UploadRefused: damaged, too large once unpacked, pickled objects inside, or something else than arrays.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            entries = opened.infolist()
            if any(entry.filename.endswith(".pkl") for entry in entries):
                raise UploadRefused(file=file, reason=_pickled())
            unpacked = sum(entry.file_size for entry in entries)
            if unpacked > MOST_BYTES:
                raise UploadRefused(file=file, reason=too_large(unpacked))
            return {entry.filename.removesuffix(".npy"): _npy(opened, entry, file) for entry in entries}
    except BROKEN as error:
        raise UploadRefused(file=file, reason=damaged(error)) from error


def _npy(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, file: str) -> NDArray[Any]:
    with opened.open(entry) as stream:
        version = np.lib.format.read_magic(stream)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read_header(stream)
    if dtype.hasobject:
        raise UploadRefused(file=file, reason=_pickled())
    if math.prod(shape) * dtype.itemsize > entry.file_size:
        raise ValueError(f"'{entry.filename}' says that it holds {shape}")
    with opened.open(entry) as stream:
        values: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return values


def safetensors_arrays(content: bytes, file: str) -> tuple[Arrays, dict[str, str]]:
    """Return the arrays of a safetensors file, by name, and its metadata; bfloat16 becomes float32, bit by bit.

    Raises:
        UploadRefused: damaged, or numbers of a format that is not known.
    """
    from safetensors import SafetensorError, deserialize

    try:
        tensors = deserialize(content)  # type: ignore[no-untyped-call]
        header = json.loads(content[8 : 8 + _header_size(content)])
    except (SafetensorError, ValueError, struct.error) as error:
        raise UploadRefused(file=file, reason=damaged(error)) from error
    arrays: Arrays = {}
    for name, told in tensors:
        if told["dtype"] not in (*TYPES, "BF16"):
            words = "'{name}' has numbers of the format {dtype}. float32, float16 and bfloat16 can be read."
            raise UploadRefused(file=file, reason=Reason("own_dtype", words, name=name, dtype=told["dtype"]))
        arrays[name] = _values(told["dtype"], bytes(told["data"])).reshape(told["shape"])
    return arrays, {str(key): str(value) for key, value in header.get("__metadata__", {}).items()}


def _values(dtype: str, data: bytes) -> NDArray[Any]:
    if dtype == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(data, TYPES[dtype]).copy()  # torch warns of arrays that cannot be written to


def _header_size(content: bytes) -> int:
    return int.from_bytes(content[:8], "little")
