"""What a killed upload or download leaves behind is swept, and nothing that somebody is at work on."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from kd_core.datasets.io import remove_upload, sweep_leftovers, unpack_once, upload, uploads_in
from kd_core.datasets.io.working_folder import DOWNLOAD, UPLOAD, sweep, working_folder
from kd_core.errors import StoreUnusable

AT_WORK = """
import sys, time
from pathlib import Path
from kd_core.datasets.io.working_folder import working_folder
with working_folder(Path(sys.argv[1]), sys.argv[2]) as folder:
    (folder / "half").write_text("half")
    print("ready", flush=True)
    time.sleep(100)
"""


def at_work(parent: Path, prefix: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", AT_WORK, str(parent), prefix],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def inside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("prefix", [UPLOAD, DOWNLOAD])
def test_what_a_killed_process_left_is_swept_and_what_a_living_one_works_on_is_not(prefix: str, tmp_path: Path) -> None:
    uploads, data_root = tmp_path / "uploads", tmp_path / "data"
    parent = uploads if prefix == UPLOAD else data_root
    for folder in (uploads, data_root):
        folder.mkdir()
    (parent / "pets-0123").mkdir()
    with at_work(parent, prefix) as process:
        sweep_leftovers(uploads, data_root)
        (working,) = (path for path in parent.iterdir() if path.is_dir() and path.name.startswith(prefix))
        assert inside(working) == ["half"]
        os.kill(process.pid, signal.SIGKILL)
    assert working.exists()
    sweep_leftovers(uploads, data_root)
    assert inside(parent) == ["pets-0123"]


def test_a_folder_of_an_earlier_version_without_a_lock_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".upload-abc123").mkdir()
    (tmp_path / ".upload-abc123" / "cat.png").write_bytes(b"x")
    sweep(tmp_path, UPLOAD)
    assert inside(tmp_path) == []


def test_the_next_upload_sweeps_too(tmp_path: Path) -> None:
    (tmp_path / ".upload-abc123").mkdir()
    with working_folder(tmp_path, UPLOAD) as folder:
        assert [name for name in inside(tmp_path) if not name.endswith(".lock")] == [folder.name]
    assert inside(tmp_path) == []


def test_sweeping_where_there_is_nothing_is_no_error(tmp_path: Path) -> None:
    sweep_leftovers(tmp_path / "uploads", tmp_path / "data")
    assert inside(tmp_path) == []


def pets() -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        for name in ("cat/1.png", "dog/1.png"):
            opened.writestr(name, b"x")
    return stream


def test_of_two_who_upload_the_same_at_once_both_can_use_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both_unpacked = threading.Barrier(2, timeout=20)
    put = upload._put_in_place

    def together(unpacked: Path, folder: Path, name: str) -> None:
        both_unpacked.wait()
        put(unpacked, folder, name)

    monkeypatch.setattr(upload, "_put_in_place", together)
    used: list[Path] = []
    threads = [
        threading.Thread(target=lambda: used.append(unpack_once(pets(), "pets.zip", tmp_path / "pets-1")))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert used == [tmp_path / "pets-1"] * 2
    assert inside(tmp_path) == ["pets-1"] and inside(tmp_path / "pets-1") == ["cat", "dog"]
    assert unpack_once(io.BytesIO(b"not looked at"), "pets.zip", tmp_path / "pets-1") == tmp_path / "pets-1"


def test_hidden_uploads_are_listed_and_those_in_the_making_are_not(tmp_path: Path) -> None:
    for name in ("pets-1", ".hidden-2", ".upload-3"):
        (tmp_path / name).mkdir()
    (tmp_path / ".upload-3.lock").touch()
    assert uploads_in(tmp_path) == [".hidden-2", "pets-1"]
    assert uploads_in(tmp_path / "nowhere") == []


def test_a_removed_upload_is_gone_as_a_whole(tmp_path: Path) -> None:
    folder = unpack_once(pets(), "pets.zip", tmp_path / "pets-1")
    remove_upload(folder)
    assert inside(tmp_path) == []
    with pytest.raises(StoreUnusable, match="No such file"):
        remove_upload(folder)
