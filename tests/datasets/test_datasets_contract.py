"""What every dataset must hold, whoever wrote it."""

from __future__ import annotations

import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from kd_core.datasets import DATASETS, Dataset, LoadedDataset, Split
from kd_core.datasets.conditions import Conditions, prepare
from kd_core.errors import DataMissing
from tests.cifar_100 import make_cifar_100
from tests.cifar_files import make_cifar
from tests.image_folders import made_pixels, make_images

KNOWN_BY_HEART = {"mnist", "fashion_mnist", "cifar10", "cifar100"}
"""Sets that are always the same, of which ``MAKERS`` make smaller ones."""

Made = tuple[Dataset, Path]
"""A dataset, and the data root in which its made files lie."""


def write_idx(path: Path, values: np.ndarray) -> None:
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    path.write_bytes(header + values.astype(np.uint8).tobytes())


def make_idx_set(folder: Path, train: int = 200, test: int = 40) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for prefix, count, seed in (("train", train, 1), ("t10k", test, 2)):
        write_idx(folder / f"{prefix}-images-idx3-ubyte", made_pixels(count, 28, 28, seed=seed))
        write_idx(folder / f"{prefix}-labels-idx1-ubyte", np.arange(count) % 10)


def pack_cifar(folder: Path, target: Path) -> None:
    with tarfile.open(target, "w:gz") as tar:
        tar.add(folder, arcname="cifar-10-batches-py")


def _mnist(root: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    make_idx_set(root / "MNIST" / "raw")
    return DATASETS["mnist"](), root


def _fashion_mnist(root: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    make_idx_set(root / "FashionMNIST" / "raw")
    return DATASETS["fashion_mnist"](), root


def _cifar10(root: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    make_cifar(root / "cifar-10-batches-py", monkeypatch)
    return DATASETS["cifar10"](), root


def _cifar100(root: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    make_cifar_100(root / "cifar-100-python", monkeypatch)
    return DATASETS["cifar100"](), root


def _image_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    make_images(root / "pets", {"cat": 20, "dog": 40})
    return DATASETS["image_folder"].from_json({"path": str(root / "pets"), "size": 16}), root


MAKERS: dict[str, Callable[[Path, pytest.MonkeyPatch], Made]] = {
    "mnist": _mnist,
    "fashion_mnist": _fashion_mnist,
    "cifar10": _cifar10,
    "cifar100": _cifar100,
    "image_folder": _image_folder,
}
"""How a small source is made where a dataset reads files; one that reads none is loaded as it is."""


@pytest.fixture(params=list(DATASETS))
def made(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    if maker := MAKERS.get(request.param):
        return maker(tmp_path, monkeypatch)
    dataset: Dataset = DATASETS[request.param]()
    try:
        dataset.load(tmp_path)
    except DataMissing:
        pytest.fail(f"Tell MAKERS how to make a small '{request.param}', so that the contract can be checked.")
    return dataset, tmp_path


@pytest.fixture
def source(made: Made) -> LoadedDataset:
    dataset, data_root = made
    return dataset.load(data_root)


def given_splits(source: LoadedDataset) -> list[Split]:
    return [split for split in (source.train, source.validation, source.test) if split is not None]


def rows(images: Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for image in images}


def test_images_are_bytes_of_four_dimensions(source: LoadedDataset) -> None:
    for split in given_splits(source):
        assert split.images.dtype == torch.uint8
        assert split.images.dim() == 4
        assert split.shape == source.train.shape


def test_labels_are_in_range_and_as_many_as_images(source: LoadedDataset) -> None:
    for split in given_splits(source):
        assert split.labels.dtype == torch.int64
        assert len(split.labels) == len(split.images) > 0
        assert split.labels.min() >= 0 and split.labels.max() < len(split.classes)


def test_every_class_has_a_name_of_its_own(source: LoadedDataset) -> None:
    for split in given_splits(source):
        assert split.classes == source.train.classes
        assert len(set(split.classes)) == len(split.classes) >= 2
        assert all(name.strip() == name != "" for name in split.classes)


def test_every_class_occurs_in_every_split(source: LoadedDataset) -> None:
    splits = prepare(Conditions(), source, seed=0)
    for split in (splits.train, splits.validation, splits.test):
        assert split.labels.unique().tolist() == list(range(len(split.classes)))


def test_normalisation_has_one_number_a_channel(source: LoadedDataset) -> None:
    for split in given_splits(source):
        assert len(split.mean) == len(split.sd) == split.shape[0]
        assert torch.isfinite(split.normalised(slice(0, 8))).all()


def test_train_validation_and_test_share_no_image(source: LoadedDataset) -> None:
    splits = prepare(Conditions(), source, seed=0)
    parts = [splits.train, splits.validation, splits.test]
    assert len(set().union(*(rows(part.images) for part in parts))) == sum(len(part) for part in parts)


def test_the_test_split_never_varies_and_validation_varies_with_the_seed_where_it_is_cut(source: LoadedDataset) -> None:
    zero, one = prepare(Conditions(), source, seed=0), prepare(Conditions(), source, seed=1)
    assert torch.equal(zero.test.images, one.test.images)
    assert torch.equal(zero.test.labels, one.test.labels)
    assert torch.equal(zero.validation.images, one.validation.images) == (source.validation is not None)


def test_loading_twice_gives_the_same(made: Made) -> None:
    dataset, data_root = made
    first, second = dataset.load(data_root), dataset.load(data_root)
    for left, right in zip(given_splits(first), given_splits(second), strict=True):
        assert torch.equal(left.images, right.images)
        assert torch.equal(left.labels, right.labels)


def test_what_is_known_before_loading_is_so(made: Made) -> None:
    dataset, data_root = made
    known, loaded = dataset.outline(), dataset.load(data_root)
    assert dataset.shape == loaded.train.shape
    if known is None or dataset.name in KNOWN_BY_HEART:  # type: ignore[attr-defined]
        return
    assert (known.cut, known.validation is None) == (loaded.cut, loaded.validation is None)
    assert known.train.labels.bincount().tolist() == loaded.train.labels.bincount().tolist()
    assert known.train.images.numel() == 0


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "cifar100"])
def test_sets_whose_size_is_known_by_heart_have_all_their_images(name: str) -> None:
    known = DATASETS[name]().outline()
    assert known is not None
    images = 50_000 if name.startswith("cifar") else 60_000
    assert len(known.train) == images and known.cut == images // 10
    assert len(known.train.classes) == (100 if name == "cifar100" else 10)


def test_progress_lies_between_nothing_and_all(made: Made) -> None:
    dataset, data_root = made
    told: list[tuple[str, float]] = []
    dataset.load(data_root, lambda what, done: told.append((what, done)))
    assert told and all(what and 0 <= done <= 1 for what, done in told)
    assert told[-1][1] == 1


def test_settings_survive_the_store_and_have_words(made: Made) -> None:
    dataset, _ = made
    assert type(dataset).from_json(dataset.to_json()) == dataset
    assert dataset.label
    assert all(info.title for name, info in type(dataset).model_fields.items() if name != "name")


def test_a_split_that_keeps_its_images_normalised_says_the_same_and_forgets_them_in_a_part() -> None:
    images = torch.randint(0, 256, (6, 2, 3, 3), dtype=torch.uint8)
    split = Split(images, torch.arange(6), tuple("abcdef"), (0.5, 0.2), (0.5, 0.3))
    ready = split.normalised_once()
    assert ready.normalised_images is not None
    assert torch.equal(ready.normalised(), split.normalised())
    assert torch.equal(ready.normalised(slice(2, 5)), split.normalised(slice(2, 5)))
    part = ready.subset(torch.tensor([4, 1]))
    assert part.normalised_images is None and torch.equal(part.normalised(), split.normalised(torch.tensor([4, 1])))
    assert split.normalised_once(most_bytes=10) is split
