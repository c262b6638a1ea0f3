"""A small CIFAR-100 in the files of the real one."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest


def make_cifar_100(folder: Path, monkeypatch: pytest.MonkeyPatch, train: int = 1000) -> None:
    """Write the three files of CIFAR-100, with one image a class to test; torchvision is told their true MD5s."""
    from torchvision.datasets import CIFAR100

    def md5(name: str) -> str:
        return hashlib.md5((folder / name).read_bytes(), usedforsecurity=False).hexdigest()

    folder.mkdir(parents=True)
    for seed, (name, count) in enumerate({"train": train, "test": 100}.items()):
        pixels = np.random.default_rng(seed).integers(0, 256, (count, 3072), dtype=np.uint8)
        batch = {"data": pixels, "fine_labels": [index % 100 for index in range(count)]}
        (folder / name).write_bytes(pickle.dumps(batch))
    (folder / "meta").write_bytes(pickle.dumps({"fine_label_names": [f"class {index}" for index in range(100)]}))
    monkeypatch.setattr(CIFAR100, "train_list", [["train", md5("train")]])
    monkeypatch.setattr(CIFAR100, "test_list", [["test", md5("test")]])
    monkeypatch.setattr(CIFAR100, "meta", {**CIFAR100.meta, "md5": md5("meta")})
