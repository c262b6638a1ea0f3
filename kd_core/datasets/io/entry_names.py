"""Entry names: what the files in a zip are called, whichever program and language wrote it."""

from __future__ import annotations

import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence
from typing import Final

UTF8_FLAG: Final = 0x800
UNICODE_PATH: Final = 0x7075
"""Info-ZIP's extra field: the name in UTF-8 beside one in the writer's own alphabet."""
MOSTLY: Final = 0.8
"""This share of the letters outside ASCII must be everyday Chinese before names are read as Chinese ones."""


def entry_names(entries: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Return the name of every entry, with composed letters (NFC), so that one class has one name in every folder.

    A zip says of a name whether it is UTF-8, and else leaves the alphabet open. What is valid UTF-8 is read so, then
    what is everyday Chinese (GBK, as Windows writes it there), then the alphabet of the first PCs. The alphabet is
    decided for the whole zip.
    """
    open_names = [_bytes_of(entry) for entry in entries if not _declared(entry)]
    alphabet = _alphabet([name for name in open_names if not name.isascii()])
    return [unicodedata.normalize("NFC", _declared(entry) or _bytes_of(entry).decode(alphabet)) for entry in entries]


def _declared(entry: zipfile.ZipInfo) -> str:
    """Return a name whose alphabet the zip tells, else nothing."""
    if entry.flag_bits & UTF8_FLAG:
        return _until_zero(entry.orig_filename)
    return _unicode_path(entry)


def _unicode_path(entry: zipfile.ZipInfo) -> str:
    """Return what the extra field says, if it was written for this name: else another program renamed the entry."""
    rest = entry.extra
    while len(rest) >= 4:
        kind, size = struct.unpack("<HH", rest[:4])
        field, rest = rest[4 : 4 + size], rest[4 + size :]
        # The field's version, then the sum of the name for which it was written.
        if kind == UNICODE_PATH and field[:5] == struct.pack("<BI", 1, zlib.crc32(_bytes_of(entry))):
            return _until_zero(field[5:].decode("utf-8", "ignore"))
    return ""


def _bytes_of(entry: zipfile.ZipInfo) -> bytes:
    """Return a name as it was written: ``zipfile`` has read it as of the first PCs, which loses nothing."""
    return _until_zero(entry.orig_filename).encode("utf-8" if entry.flag_bits & UTF8_FLAG else "cp437")


def _until_zero(name: str) -> str:
    return name.partition("\0")[0]


def _alphabet(names: Sequence[bytes]) -> str:
    if _is_read_by("utf-8", names):
        return "utf-8"
    return "gbk" if _is_read_by("gbk", names) and _everyday_chinese(names) >= MOSTLY else "cp437"


def _is_read_by(alphabet: str, names: Sequence[bytes]) -> bool:
    try:
        for name in names:
            name.decode(alphabet)
    except UnicodeDecodeError:
        return False
    return True


def _everyday_chinese(names: Sequence[bytes]) -> float:
    """Return which share of the letters outside ASCII is everyday Chinese, as GBK reads them.

    Letters of other alphabets that happen to be valid GBK are rare characters, outside of GB 2312.
    """
    letters = [letter for name in names for letter in name.decode("gbk") if not letter.isascii()]
    return sum(bool(letter.encode("gb2312", "ignore")) for letter in letters) / max(1, len(letters))
