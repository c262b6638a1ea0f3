"""Uploads: a zip from a stranger, checked and unpacked into a folder."""

from __future__ import annotations

import errno
import os
import stat
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from kd_core.datasets import Report
from kd_core.datasets.io.entry_names import entry_names
from kd_core.datasets.io.image_files import folders, loose_images
from kd_core.datasets.io.working_folder import UPLOAD, working_folder
from kd_core.errors import Reason, StoreUnusable, UploadRefused, system_reason

MAX_PACKED = 500_000_000
MAX_UNPACKED = 2_000_000_000
MAX_FILES = 100_000
CHUNK = 1 << 20
BYTES_PER_ENTRY = 400
"""What an entry of the table of contents may take on average; a longer table is not even parsed."""

BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
HAS_DRIVES = os.name == "nt"
"""Only Windows takes "a:b" for a place on a drive; elsewhere it is a name like any other."""
SYSTEM_FOLDER = "__MACOSX"


@dataclass(frozen=True)
class Limits:
    """What an upload may be at most, in bytes and files."""

    packed: int = MAX_PACKED
    unpacked: int = MAX_UNPACKED
    files: int = MAX_FILES


DEFAULT_LIMITS = Limits()


def unpack(
    archive: Path | BinaryIO,
    name: str,
    folder: Path,
    limits: Limits = DEFAULT_LIMITS,
    report: Report = lambda what, done: None,
) -> Path:
    """Unpack an uploaded zip so that ``folder`` appears whole or not at all.

    Folders that only wrap the others are seen through. Sizes are counted while bytes come out: headers may lie.

    Args:
        archive: a file, or a seekable stream of bytes.
        name: what its owner calls it, for the sentence of an error.
        folder: must not exist; folders above it are made.
        limits: what is allowed.
        report: called with progress.

    Returns:
        ``folder``.

    Raises:
        UploadRefused: no zip, broken, too large, encrypted, a link or a path out of the folder inside, no space.
    """
    if folder.exists():
        raise _exists(name)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with archive.open("rb") if isinstance(archive, Path) else nullcontext(archive) as stream:
            _check_stream(stream, name, limits)
            # Beside its destination, so that one rename puts everything in place.
            with working_folder(folder.parent, UPLOAD) as temporary:
                inside = temporary / "files"
                inside.mkdir()
                with zipfile.ZipFile(stream) as opened:
                    _extract(opened, _checked_members(opened, name, limits), inside, name, limits, report)
                _put_in_place(unwrapped(inside), folder, name)
    except BROKEN as error:
        reason = Reason("upload_damaged", "it is damaged, or packed in an unknown way ({said}).", said=error)
        raise UploadRefused(file=name, reason=reason) from error
    except OSError as error:
        raise UploadRefused(file=name, reason=_disk_reason(error)) from error
    return folder


def unpack_once(archive: BinaryIO, name: str, folder: Path) -> Path:
    """Unpack an uploaded zip unless ``folder``, which is named after its content, is there: of two who come, one does.

    Raises:
        UploadRefused: see ``unpack``.
    """
    try:
        return folder if folder.is_dir() else unpack(archive, name, folder)
    except UploadRefused:
        if folder.is_dir():  # meanwhile another unpacked the same
            return folder
        raise


def uploads_in(uploads: Path) -> list[str]:
    """Return the names of the folders that were uploaded, in alphabetical order; hidden ones among them."""
    found = (path.name for path in uploads.glob("*") if path.is_dir())
    return sorted(name for name in found if not name.startswith(UPLOAD))


def remove_upload(folder: Path) -> None:
    """Remove an uploaded folder; at once for everybody who looks, however long the disk takes.

    Raises:
        StoreUnusable: it could not be removed.
    """
    try:
        with working_folder(folder.parent, UPLOAD) as temporary:
            os.rename(folder, temporary / "removed")
    except OSError as error:
        raise StoreUnusable(home=folder, reason=system_reason(error)) from error


def _put_in_place(unpacked: Path, folder: Path, name: str) -> None:
    try:
        os.rename(unpacked, folder)
    except OSError as error:
        raise (_exists(name) if folder.exists() else error) from error


def _exists(name: str) -> UploadRefused:
    return UploadRefused(file=name, reason=Reason("upload_exists", "there is already a folder of this name."))


def _check_stream(stream: BinaryIO, name: str, limits: Limits) -> None:
    """Refuse what can be refused before the table of contents is parsed."""
    size = stream.seek(0, os.SEEK_END)
    if size > limits.packed:
        reason = Reason("upload_packed", "it is larger than {most}.", most=_megabytes(limits.packed))
        raise UploadRefused(file=name, reason=reason)
    # Private, but there is no other way to know how long the table is before it fills the memory.
    record = zipfile._EndRecData(stream)  # type: ignore[attr-defined]
    if record is None:
        raise UploadRefused(file=name, reason=Reason("upload_no_zip", "it is not a zip file."))
    entries, table_bytes = record[4], record[5]
    if entries > 2 * limits.files or table_bytes > BYTES_PER_ENTRY * 2 * limits.files:
        raise _too_many(name, limits)
    stream.seek(0)


def _checked_members(opened: zipfile.ZipFile, name: str, limits: Limits) -> list[tuple[zipfile.ZipInfo, Path]]:
    """Return the files with their paths relative to the folder."""
    entries = opened.infolist()
    named = [(info, text.replace("\\", "/")) for info, text in zip(entries, entry_names(entries), strict=True)]
    members = [(info, _relative(text, name)) for info, text in named if not text.endswith("/")]
    members = [(info, path) for info, path in members if SYSTEM_FOLDER not in path.parts]
    if not members:
        raise UploadRefused(file=name, reason=Reason("upload_empty", "it is empty."))
    if len(members) > limits.files:
        raise _too_many(name, limits)
    if sum(info.file_size for info, _ in members) > limits.unpacked:
        raise _too_large(name, limits)
    for info, path in members:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            reason = Reason("upload_link", "'{inside}' is a link or a device, not a file.", inside=path.as_posix())
            raise UploadRefused(file=name, reason=reason)
        if info.flag_bits & 1:
            reason = Reason("upload_password", "it is protected by a password. Pack it without one.")
            raise UploadRefused(file=name, reason=reason)
        # zipfile unpacks the others a megabyte of input at a time, which may be gigabytes in memory.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            reason = Reason("upload_packing", "its way of packing is not supported. Choose the usual one, Deflate.")
            raise UploadRefused(file=name, reason=reason)
    return members


def _relative(text: str, name: str) -> Path:
    """Return a path that stays inside, whichever system it was written on."""
    path = PurePosixPath(text)
    windows = PureWindowsPath(text)
    elsewhere = bool(windows.drive) if HAS_DRIVES else windows.is_absolute()
    if path.is_absolute() or elsewhere or ".." in path.parts or not path.parts:
        reason = Reason("upload_outside", "'{inside}' would lie outside of its folder.", inside=text)
        raise UploadRefused(file=name, reason=reason)
    return Path(*path.parts)


def _extract(
    opened: zipfile.ZipFile,
    members: Sequence[tuple[zipfile.ZipInfo, Path]],
    target: Path,
    name: str,
    limits: Limits,
    report: Report,
) -> None:
    written, created = 0, set[Path]()
    for done, (info, path) in enumerate(members, start=1):
        parent = (target / path).parent
        if parent not in created:
            parent.mkdir(parents=True, exist_ok=True)
            created.add(parent)
        # "x": a second file of the same name would overwrite the first.
        with opened.open(info) as packed, (target / path).open("xb") as file:
            while chunk := packed.read(CHUNK):
                written += len(chunk)
                if written > limits.unpacked:
                    raise _too_large(name, limits)
                file.write(chunk)
        if done % 1000 == 0 or done == len(members):
            report("unpacking", done / len(members))


def unwrapped(folder: Path) -> Path:
    """Return the innermost folder that holds everything: a lone folder that itself holds folders only wraps them.

    Files that are no images, such as a text about them, may lie beside it.
    """
    while True:
        inside = folders(folder)
        if len(inside) != 1 or loose_images(folder):
            return folder
        (only,) = inside.values()
        if not folders(only):
            return folder
        folder = only


def _too_many(name: str, limits: Limits) -> UploadRefused:
    reason = Reason("upload_files", "it holds more than {most} files.", most=f"{limits.files:,}")
    return UploadRefused(file=name, reason=reason)


def _too_large(name: str, limits: Limits) -> UploadRefused:
    reason = Reason("upload_unpacked", "unpacked it is larger than {most}.", most=_megabytes(limits.unpacked))
    return UploadRefused(file=name, reason=reason)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"


def _disk_reason(error: OSError) -> Reason:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Reason("upload_disk_full", "there is no space left on the disk. Free some, then upload it again.")
    if error.errno in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR):
        return Reason("upload_same_name", "two of its files have the same name.")
    if error.errno == errno.ENAMETOOLONG:
        return Reason("upload_long_name", "one of its files has a name that is too long.")
    return Reason("upload_unwritten", "it could not be written ({said}).", said=system_reason(error))
