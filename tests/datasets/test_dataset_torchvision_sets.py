from __future__ import annotations

import gzip
import pickle
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from test_datasets_contract import make_idx_set, pack_cifar

from kd_core.datasets.conditions import Conditions, prepare
from kd_core.datasets.io.download import Archive, Download
from kd_core.datasets.torchvision_sets import CIFAR10, MNIST, FashionMNIST
from kd_core.errors import DataMissing, DataUnusable, InvalidSetting
from tests.cifar_files import make_cifar, md5

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FILES = [f"{part}-{what}-ubyte" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1")]


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All addresses lead to nothing."""
    from torchvision import datasets

    for kind in (datasets.MNIST, datasets.FashionMNIST):
        monkeypatch.setattr(kind, "mirrors", [(tmp_path / "nothing").as_uri() + "/"])
    monkeypatch.setattr(datasets.CIFAR10, "url", (tmp_path / "nothing").as_uri())


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that torchvision takes for the one place where MNIST's four archives lie."""
    from torchvision import datasets

    folder = tmp_path / "mirror"
    make_idx_set(folder)
    for name in FILES:
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
    archives = [folder / f"{name}.gz" for name in FILES]
    monkeypatch.setattr(datasets.MNIST, "mirrors", [folder.as_uri() + "/"])
    monkeypatch.setattr(datasets.MNIST, "resources", [(path.name, md5(path)) for path in archives])
    monkeypatch.setattr(MNIST, "packed_bytes", sum(path.stat().st_size for path in archives))
    return folder


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.skipif(not (SHARED / "MNIST").exists(), reason="MNIST is not in ../shared/data")
def test_real_mnist_is_cut_into_54000_6000_and_10000() -> None:
    source = MNIST().load(SHARED)
    splits = prepare(Conditions(), source, seed=0)
    assert [len(splits.train), len(splits.validation), len(splits.test)] == [54_000, 6_000, 10_000]
    assert source.train.labels.bincount().tolist() == list(MNIST.images_by_class)
    assert source.train.shape == (1, 28, 28)
    assert source.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert source.train.classes == tuple("0123456789")
    # The two numbers that everybody normalises MNIST with.
    share = torch.bincount(source.train.images.flatten(), minlength=256).double() / source.train.images.numel()
    value = torch.arange(256) / 255
    mean = (share * value).sum()
    assert mean.item() == pytest.approx(0.1307, abs=5e-5)
    assert (share * (value - mean) ** 2).sum().sqrt().item() == pytest.approx(0.3081, abs=5e-5)


@pytest.mark.parametrize("kind", [MNIST, FashionMNIST])
def test_idx_sets_without_files_or_network_name_what_is_missing_and_where(
    kind: type[MNIST], nowhere: None, tmp_path: Path
) -> None:
    with pytest.raises(DataMissing) as caught:
        kind().load(tmp_path / "data")
    sentence = str(caught.value)
    assert str(tmp_path / "data") in sentence
    assert f"{kind.kind}/raw/train-images-idx3-ubyte" in sentence
    assert kind.title in sentence


def test_only_the_missing_files_are_named(nowhere: None, tmp_path: Path) -> None:
    make_idx_set(tmp_path / "MNIST" / "raw")
    (tmp_path / "MNIST" / "raw" / FILES[3]).unlink()
    with pytest.raises(DataMissing) as caught:
        MNIST().load(tmp_path)
    assert caught.value.fields["files"] == f"MNIST/raw/{FILES[3]}"


def test_cifar_without_files_or_network_names_its_batches(nowhere: None, tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match=r"cifar-10-batches-py/data_batch_1, .*batches\.meta"):
        CIFAR10().load(tmp_path)


def test_a_data_root_that_cannot_be_written_is_a_sentence(mirror: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DataMissing, match="could not be downloaded"):
        MNIST().load(tmp_path / "file")


def test_mnist_is_downloaded_with_true_progress_and_in_silence(
    mirror: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[float] = []

    def report(what: str, done: float) -> None:
        told.extend([done] if what == "downloading MNIST" else [])

    source = MNIST().load(tmp_path / "data", report)
    assert len(source.train) == 200 and source.cut == 20
    # Four archives of different sizes: after each of them the share of bytes that have come.
    sizes = [(mirror / f"{name}.gz").stat().st_size for name in FILES]
    assert told == [pytest.approx(sum(sizes[: count + 1]) / sum(sizes)) for count in range(4)]
    assert files_below(tmp_path / "data") == sorted(f"MNIST/raw/{name}" for name in FILES)
    assert capfd.readouterr() == ("", "")


def test_a_second_mirror_helps_when_the_first_fails(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision import datasets

    monkeypatch.setattr(datasets.MNIST, "mirrors", [(tmp_path / "nothing").as_uri() + "/", mirror.as_uri() + "/"])
    assert len(MNIST().load(tmp_path / "data").train) == 200


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server that takes every call and never says a word; patience is short."""
    monkeypatch.setattr(Download.__init__, "__defaults__", (lambda server, spent: None, 0.8))
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.mark.parametrize("kind", [MNIST, FashionMNIST, CIFAR10])
def test_servers_that_stay_silent_are_given_up_together_and_told_of_meanwhile(
    kind: type[MNIST], silent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision import datasets

    for one in (datasets.MNIST, datasets.FashionMNIST):
        monkeypatch.setattr(one, "mirrors", [silent, silent + "again/"])
    monkeypatch.setattr(datasets.CIFAR10, "url", silent + "cifar")
    told: list[tuple[str, float]] = []
    with pytest.raises(DataMissing, match="stayed silent"):
        kind().load(tmp_path, lambda what, done: told.append((what, done)))
    asked = [done for what, done in told if what == f"asking {silent[7:-1]}"]
    assert len(asked) >= 3 and all(0 < done < 1 for done in asked)


def test_a_server_that_was_silent_once_is_asked_last_for_the_files_that_follow(
    silent: str, mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision import datasets

    monkeypatch.setattr(datasets.MNIST, "mirrors", [silent, mirror.as_uri() + "/"])
    told: list[str] = []
    assert len(MNIST().load(tmp_path / "data", lambda what, done: told.append(what)).train) == 200
    first = told.index("downloading MNIST")
    assert any(what.startswith("asking") for what in told[:first])
    assert not any(what.startswith("asking") for what in told[first:])


def test_single_bytes_are_silence_too(tmp_path: Path) -> None:
    over = threading.Event()

    class Dripping(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while not over.wait(0.05):
                    self.wfile.write(b".")

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    archive = Archive((f"http://127.0.0.1:{server.server_port}/x",), "x", "0" * 32)
    try:
        with pytest.raises(OSError, match="stayed silent"):
            Download(tmp_path, patience=0.5).fetch(archive, lambda size: None)
    finally:
        over.set()
        server.shutdown()
        server.server_close()


def test_a_download_that_is_not_the_expected_file_is_refused_and_leaves_nothing(mirror: Path, tmp_path: Path) -> None:
    (mirror / f"{FILES[2]}.gz").write_bytes(b"<html>Please log in to this wireless network</html>")
    with pytest.raises(DataMissing, match="not the expected file"):
        MNIST().load(tmp_path / "data")
    assert files_below(tmp_path / "data") == []


@pytest.mark.parametrize("kept", [0, 3, 12, 5000])
@pytest.mark.parametrize("file", [FILES[0], FILES[3]])
def test_a_file_cut_short_is_a_sentence(file: str, kept: int, nowhere: None, tmp_path: Path) -> None:
    make_idx_set(tmp_path / "MNIST" / "raw", test=5200)
    path = tmp_path / "MNIST" / "raw" / file
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataUnusable, match="damaged"):
        MNIST().load(tmp_path)


def test_a_damaged_file_is_replaced_when_there_is_a_network(mirror: Path, tmp_path: Path) -> None:
    make_idx_set(tmp_path / "data" / "MNIST" / "raw")
    (tmp_path / "data" / "MNIST" / "raw" / FILES[0]).write_bytes(b"\0\0\x08\x03")
    assert len(MNIST().load(tmp_path / "data").train) == 200


def test_labels_that_do_not_fit_the_images_are_a_sentence(nowhere: None, tmp_path: Path) -> None:
    make_idx_set(tmp_path / "MNIST" / "raw", train=200)
    make_idx_set(tmp_path / "other", train=190)
    shutil.copy(tmp_path / "other" / FILES[1], tmp_path / "MNIST" / "raw" / FILES[1])
    with pytest.raises(DataUnusable, match="200 images do not fit 190 labels"):
        MNIST().load(tmp_path)


def test_cifar_is_downloaded_and_its_images_are_red_green_blue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision import datasets

    made, packed = tmp_path / "made", tmp_path / "cifar.tar.gz"
    make_cifar(made, monkeypatch)
    pack_cifar(made, packed)
    monkeypatch.setattr(datasets.CIFAR10, "url", packed.as_uri())
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", md5(packed))
    source = CIFAR10().load(tmp_path / "data")
    assert (len(source.train), len(source.test), source.cut) == (200, 40, 20)
    # The file holds 1,024 red, then 1,024 green, then 1,024 blue values, row by row.
    raw = pickle.loads((made / "data_batch_1").read_bytes())["data"][7]
    assert torch.equal(source.train.images[7], torch.from_numpy(raw).reshape(3, 32, 32))
    assert all(name.startswith("cifar-10-batches-py/") for name in files_below(tmp_path / "data"))


def test_a_cifar_batch_with_another_checksum_is_never_unpickled(
    nowhere: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cifar(tmp_path / "cifar-10-batches-py", monkeypatch)
    (tmp_path / "cifar-10-batches-py" / "data_batch_3").write_bytes(
        b"cos\nsystem\n(S'touch " + bytes(tmp_path) + b"/x'\ntR."
    )
    with pytest.raises(DataUnusable, match="damaged"):
        CIFAR10().load(tmp_path)
    assert not (tmp_path / "x").exists()


def test_one_mean_serves_three_channels_and_two_are_refused() -> None:
    images = torch.zeros(1, 3, 2, 2, dtype=torch.uint8)
    assert CIFAR10(mean=(0.4,)).split(images, torch.zeros(1).long(), ("a", "b")).mean == (0.4, 0.4, 0.4)
    with pytest.raises(InvalidSetting, match="one for each of the 3 channels"):
        CIFAR10.from_json({"mean": [0.5, 0.5]})
    with pytest.raises(InvalidSetting, match="greater than 0"):
        MNIST.from_json({"sd": [0]})
