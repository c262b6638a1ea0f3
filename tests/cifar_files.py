"""The files of CIFAR-10 with made-up images."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import pytest

from tests.image_folders import made_pixels


def make_cifar(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the seven files of CIFAR-10 with 40 images a batch; torchvision is told their true MD5s and checks them."""
    from torchvision.datasets import CIFAR10

    folder.mkdir(parents=True)
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    for seed, name in enumerate(names):
        batch = {"data": made_pixels(40, 3072, seed=seed), "labels": [index % 10 for index in range(40)]}
        (folder / name).write_bytes(pickle.dumps(batch))
    classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": classes}))
    listed = [[name, md5(folder / name)] for name in names]
    monkeypatch.setattr(CIFAR10, "train_list", listed[:5])
    monkeypatch.setattr(CIFAR10, "test_list", listed[5:])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": md5(folder / "batches.meta")})


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
