from __future__ import annotations

import errno
import io
import random
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from kd_core.datasets.io import upload
from kd_core.datasets.io.upload import Limits, unpack
from kd_core.errors import UploadRefused

GOOD = {"cat/1.png": b"one", "cat/2.png": b"two", "dog/1.png": b"three"}


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return stream


def refused(stream: io.BytesIO | Path, tmp_path: Path, sentence: str, limits: Limits | None = None) -> None:
    """Check that an upload is refused with a sentence, and that nothing is left behind."""
    home = tmp_path / "uploads"
    with pytest.raises(UploadRefused, match=sentence) as caught:
        unpack(stream, "pets.zip", home / "pets", limits or Limits())
    assert "pets.zip" in str(caught.value)
    assert not home.exists() or list(home.iterdir()) == []


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_good_zip_is_unpacked_and_nothing_else_is_left(tmp_path: Path) -> None:
    told: list[float] = []
    folder = unpack(packed(GOOD), "pets.zip", tmp_path / "pets", report=lambda what, done: told.append(done))
    assert folder == tmp_path / "pets"
    assert files_below(folder) == GOOD
    assert [path.name for path in tmp_path.iterdir()] == ["pets"]
    assert told == [1.0]


def test_a_file_on_disk_will_do(tmp_path: Path) -> None:
    (tmp_path / "pets.zip").write_bytes(packed(GOOD).getvalue())
    assert files_below(unpack(tmp_path / "pets.zip", "pets.zip", tmp_path / "pets")) == GOOD


@pytest.mark.parametrize("wrapper", ["pets/", "pets/data/"])
def test_folders_that_only_wrap_are_seen_through(wrapper: str, tmp_path: Path) -> None:
    wrapped = {wrapper + name: content for name, content in GOOD.items()} | {"__MACOSX/pets/._1.png": b"x"}
    assert files_below(unpack(packed(wrapped), "pets.zip", tmp_path / "pets")) == GOOD


def test_a_lone_class_folder_is_no_wrapper(tmp_path: Path) -> None:
    assert files_below(unpack(packed({"cat/1.png": b"one"}), "pets.zip", tmp_path / "pets")) == {"cat/1.png": b"one"}


def test_separators_of_windows_make_folders(tmp_path: Path) -> None:
    assert files_below(unpack(packed({"cat\\1.png": b"1", "dog\\1.png": b"2"}), "p", tmp_path / "p")) == {
        "cat/1.png": b"1",
        "dog/1.png": b"2",
    }


@pytest.mark.parametrize("name", ["../x.png", "/x.png", "cat/../../x.png", "..\\x.png", "C:\\x.png", "\\x.png"])
def test_a_path_out_of_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    refused(packed({**GOOD, name: b"x"}), tmp_path, "outside of its folder")
    assert not (tmp_path / "x.png").exists()


def test_a_link_is_refused(tmp_path: Path) -> None:
    stream = packed(GOOD)
    with zipfile.ZipFile(stream, "a") as opened:
        link = zipfile.ZipInfo("cat/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    refused(stream, tmp_path, "'cat/link.png' is a link")


def test_a_password_is_refused(tmp_path: Path) -> None:
    content = bytearray(packed(GOOD).getvalue())
    content[content.index(b"PK\1\2") + 8] |= 1  # the flag in the table of contents
    refused(io.BytesIO(content), tmp_path, "protected by a password")


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    refused(io.BytesIO(b"GIF89a and so on"), tmp_path, "not a zip file")
    refused(io.BytesIO(b""), tmp_path, "not a zip file")
    refused(packed({}), tmp_path, "it is empty")


def test_limits_are_those_of_the_packed_size_the_unpacked_size_and_the_files(tmp_path: Path) -> None:
    size = len(packed(GOOD).getvalue())
    unpack(packed(GOOD), "pets.zip", tmp_path / "fits", Limits(packed=size, unpacked=11, files=3))
    refused(packed(GOOD), tmp_path, "larger than", Limits(packed=size - 1))
    refused(packed(GOOD), tmp_path, "unpacked it is larger", Limits(unpacked=10))
    refused(packed(GOOD), tmp_path, "more than 2 files", Limits(files=2))


def test_a_table_of_contents_that_would_fill_the_memory_is_not_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = packed({f"cat/{index}.png": b"" for index in range(100)})
    monkeypatch.setattr(zipfile, "ZipFile", None)
    refused(many, tmp_path, "more than 10 files", Limits(files=10))


def test_bytes_are_counted_while_they_come_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fooled = upload._checked_members
    monkeypatch.setattr(upload, "_checked_members", lambda opened, name, limits: fooled(opened, name, Limits()))
    refused(packed(GOOD), tmp_path, "unpacked it is larger", Limits(unpacked=10))


def test_a_header_that_lies_about_the_size_is_refused(tmp_path: Path) -> None:
    content = bytearray(packed({"cat/1.png": b"x" * 1000}).getvalue())
    struct.pack_into("<I", content, content.index(b"PK\1\2") + 24, 1)
    refused(io.BytesIO(content), tmp_path, "damaged")


def test_packing_that_can_grow_without_bound_in_memory_is_refused(tmp_path: Path) -> None:
    refused(packed(GOOD, zipfile.ZIP_BZIP2), tmp_path, "way of packing")


def test_a_truncated_zip_is_refused(tmp_path: Path) -> None:
    content = packed({"cat/1.png": random.Random(0).randbytes(5000)}).getvalue()
    refused(io.BytesIO(content[:3000]), tmp_path, "not a zip file")
    damaged = content[:100] + bytes(1000) + content[1100:]
    refused(io.BytesIO(damaged), tmp_path, "damaged")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    stream = packed(GOOD)
    with zipfile.ZipFile(stream, "a") as opened, pytest.warns(UserWarning, match="Duplicate"):
        opened.writestr("cat/1.png", b"again")
    refused(stream, tmp_path, "same name")
    refused(packed({"cat": b"a file", "cat/1.png": b"in a folder"}), tmp_path, "same name")


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    refused(packed({"cat/" + "x" * 300 + ".png": b"1"}), tmp_path, "too long")


def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, *rest: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    stream = packed(GOOD)
    monkeypatch.setattr(Path, "open", full)
    refused(stream, tmp_path, "no space left")


def test_a_folder_that_exists_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "pets").mkdir()
    (tmp_path / "pets" / "mine.txt").write_text("mine")
    with pytest.raises(UploadRefused, match="already a folder"):
        unpack(packed(GOOD), "pets.zip", tmp_path / "pets")
    assert files_below(tmp_path / "pets") == {"mine.txt": b"mine"}


def test_a_zip_with_random_damage_is_unpacked_or_refused_but_never_a_trace(tmp_path: Path) -> None:
    whole, dice = packed(GOOD).getvalue(), random.Random(0)
    for attempt in range(150):
        content = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            content[dice.randrange(len(content))] = dice.randrange(256)
        try:
            unpack(io.BytesIO(content), "pets.zip", tmp_path / "uploads" / str(attempt))
        except UploadRefused:
            assert not (tmp_path / "uploads" / str(attempt)).exists()
    assert not [path for path in (tmp_path / "uploads").iterdir() if path.name.startswith(".")]


def named(entries: list[tuple[bytes, int, bytes]]) -> io.BytesIO:
    """Return a zip whose entries have raw names, flags and extra fields, which ``zipfile`` does not write as given."""
    stream, table = io.BytesIO(), b""
    for name, flags, extra in entries:
        content = b"x"
        facts = struct.pack("<HHHHHIIIHH", 20, flags, 0, 0, 33, zlib.crc32(content), 1, 1, len(name), len(extra))
        rest = struct.pack("<HHHII", 0, 0, 0, 0, stream.tell())
        table += b"PK\1\2" + struct.pack("<H", 20) + facts + rest + name + extra
        stream.write(b"PK\3\4" + facts + name + extra + content)
    at = stream.tell()
    stream.write(table + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(table), at, 0))
    return stream


def unicode_path(raw: bytes, name: str) -> bytes:
    field = b"\1" + struct.pack("<I", zlib.crc32(raw)) + name.encode()
    return struct.pack("<HH", 0x7075, len(field)) + field


UTF8 = 0x800
RARE = "\u674e\u5586\u7684\u7167\u7247"


@pytest.mark.parametrize(
    ("entries", "names"),
    [
        # `zip -r` on Linux and older Macs write UTF-8 and do not say so.
        ([("\u732b/1.png".encode(), 0, b""), ("\u00fcber uns/1.png".encode(), 0, b"")], ["\u00fcber uns", "\u732b"]),
        ([("\u732b/1.png".encode(), UTF8, b""), (b"dog/1.png", 0, b"")], ["dog", "\u732b"]),
        # Windows in Germany, and in China.
        ([(b"\x81ber uns/1.png", 0, b""), (b"stra\xe1e/1.png", 0, b"")], ["stra\u00dfe", "\u00fcber uns"]),
        ([("\u732b/1.png".encode("gbk"), 0, b""), ("\u72d7/1.png".encode("gbk"), 0, b"")], ["\u72d7", "\u732b"]),
        # A letter of given names that is outside of everyday Chinese.
        ([(f"{RARE}/1.png".encode("gbk"), 0, b""), (b"a/1.png", 0, b"")], ["a", RARE]),
        # Info-ZIP's own field, and one that was written for another name.
        ([(b"?/1.png", 0, unicode_path(b"?/1.png", "\u732b/1.png")), (b"a/1.png", 0, b"")], ["a", "\u732b"]),
        ([(b"b/1.png", 0, unicode_path(b"?/1.png", "\u732b/1.png")), (b"a/1.png", 0, b"")], ["a", "b"]),
        # As macOS stores it, with the accent as a letter of its own.
        ([("u\u0308ber/1.png".encode(), 0, b""), ("\u00fcber/2.png".encode(), UTF8, b"")], ["\u00fcber"]),
    ],
)  # fmt: skip
def test_names_are_those_that_were_packed(
    entries: list[tuple[bytes, int, bytes]], names: list[str], tmp_path: Path
) -> None:
    folder = unpack(named(entries), "pets.zip", tmp_path / "pets")
    assert sorted(path.name for path in folder.iterdir()) == names
    assert len(files_below(folder)) == len(entries)


def test_an_extra_field_that_is_cut_short_or_no_utf_8_does_no_harm(tmp_path: Path) -> None:
    field = b"\1" + struct.pack("<I", zlib.crc32(b"a/1.png")) + b"a\xff/1.png"
    broken = struct.pack("<HH", 0x7075, len(field)) + field
    short = struct.pack("<HH", 0x7075, 3) + b"\1ab"
    folder = unpack(named([(b"a/1.png", 0, broken), (b"b/1.png", 0, short)]), "pets.zip", tmp_path / "pets")
    assert sorted(path.name for path in folder.iterdir()) == ["a", "b"]


def test_a_name_that_the_extra_field_leads_outside_is_refused(tmp_path: Path) -> None:
    outside = named([(b"a/1.png", 0, unicode_path(b"a/1.png", "../1.png")), (b"b/1.png", 0, b"")])
    refused(outside, tmp_path, "outside of its folder")


@pytest.mark.parametrize("wrapper", ["pets/", "pets/data/"])
def test_a_text_beside_the_wrapped_folder_does_not_stop_the_unwrapping(wrapper: str, tmp_path: Path) -> None:
    wrapped = {wrapper + name: content for name, content in GOOD.items()}
    stream = packed({**wrapped, "README.md": b"x", f"{wrapper}LICENSE": b"x"})
    assert files_below(unpack(stream, "pets.zip", tmp_path / "pets")) == {**GOOD, "LICENSE": b"x"}


def test_an_image_beside_a_folder_is_not_thrown_away(tmp_path: Path) -> None:
    files = {"root/" + name: content for name, content in GOOD.items()} | {"loose.jpg": b"x"}
    assert files_below(unpack(packed(files), "pets.zip", tmp_path / "pets")) == files


def test_a_colon_in_a_name_is_a_letter_where_there_are_no_drives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "HAS_DRIVES", True)
    refused(packed({"a:b/1.png": b"1"}), tmp_path, "would lie outside")
    monkeypatch.undo()
    if upload.HAS_DRIVES:
        pytest.skip("on Windows a:b is a place on a drive")
    folder = unpack(packed({"a:b/1.png": b"1", "c/2.png": b"2"}), "z.zip", tmp_path / "folder")
    assert files_below(folder) == {"a:b/1.png": b"1", "c/2.png": b"2"}
