"""Torchvision sets: MNIST, Fashion-MNIST, CIFAR-10 and CIFAR-100, read from disk or downloaded."""

from __future__ import annotations

import os
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from kd_core.datasets.base import Normalised, Report, Shape
from kd_core.datasets.io import DOWNLOAD, Archive, Download, working_folder
from kd_core.datasets.splits import LoadedDataset, Split
from kd_core.drawings import Preparation
from kd_core.errors import DataMissing, DataUnusable, Reason, system_reason

DAMAGED = (AssertionError, EOFError, IndexError, KeyError, OSError, RuntimeError, TypeError, ValueError)
"""What torchvision raises for a file that is missing, cut short or not what it should be."""


class TorchvisionSet(Normalised):
    """A set that torchvision knows; a tenth of its training images becomes validation.

    Files in ``data_root`` that are missing or damaged are downloaded into a folder of their own and put in place one by
    one only when all of them have been checked, so that a killed download leaves nothing half-done behind.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    packed_bytes: ClassVar[int]

    @property
    def label(self) -> str:
        """Return the name for tables."""
        return self.title

    def load(self, data_root: Path, report: Report = lambda what, done: None) -> LoadedDataset:
        """Read the set from ``data_root``, downloading it where it is not there.

        Raises:
            DataMissing: not there, and the download failed; names the files and the folder.
            DataUnusable: a file is damaged, and no fresh copy could be downloaded.
        """
        report(f"reading {self.title}", 0.0)
        try:
            loaded = self._read(data_root)
        except DAMAGED as error:
            self._download(data_root, report, problem=error)
            try:
                loaded = self._read(data_root)
            except DAMAGED as second_error:
                template = "{title} cannot be read ({said})."
                reason = Reason("data_set_unreadable", template, title=self.title, said=second_error)
                raise DataUnusable(source=str(data_root), reason=reason) from second_error
        report(f"reading {self.title}", 1.0)
        return loaded

    @abstractmethod
    def files(self) -> tuple[str, ...]:
        """Return the files that are read, relative to ``data_root``."""

    @abstractmethod
    def archives(self) -> tuple[Archive, ...]:
        """Return the archives that hold the files, at the paths where torchvision looks for them."""

    @abstractmethod
    def part(self, data_root: Path, train: bool) -> tuple[Tensor, Tensor, tuple[str, ...]]:
        """Return images (N, C, H, W), uint8, labels (N,) and class names; raises one of ``DAMAGED``."""

    def load_code(self) -> str:
        """Return plain PyTorch source that reads, or downloads, the same images by torchvision."""
        pixels = "dataset.data[:, None]" if self.channels == 1 else "torch.from_numpy(dataset.data).permute(0, 3, 1, 2)"
        return _LOAD.format(kind=self.kind, pixels=pixels)

    def torchvision_class(self) -> Any:
        """Return the class that torchvision has for this set."""
        import torchvision.datasets  # here, since it takes two seconds

        return getattr(torchvision.datasets, self.kind)

    def _read(self, data_root: Path) -> LoadedDataset:
        train, test = self._split(data_root, train=True), self._split(data_root, train=False)
        return LoadedDataset(train=train, test=test, cut=len(train) // 10)

    def _split(self, data_root: Path, train: bool) -> Split:
        images, labels, classes = self.part(data_root, train)
        in_range = len(labels) > 0 and int(labels.min()) >= 0 and int(labels.max()) < len(classes)
        if len(images) != len(labels) or not in_range:
            raise ValueError(f"{len(images)} images do not fit {len(labels)} labels")
        return self.split(images, labels, classes)

    def _download(self, data_root: Path, report: Report, problem: Exception) -> None:
        missing = [file for file in self.files() if not (data_root / file).is_file()]
        try:
            self._fetch_all(data_root, report)
        except DAMAGED as error:
            if missing:
                folder, files = str(data_root), ", ".join(missing)
                said = system_reason(_one_line(error))
                raise DataMissing(dataset=self.title, folder=folder, reason=said, files=files) from error
            reason = Reason(
                "data_set_damaged",
                "one of the files of {title} ({files}) is damaged ({problem}), and a fresh copy could not be "
                "downloaded ({said}). Replace them, or go online and try again.",
                title=self.title,
                files=", ".join(self.files()),
                problem=_one_line(problem),
                said=_one_line(error),
            )
            raise DataUnusable(source=str(data_root), reason=reason) from error

    def _fetch_all(self, data_root: Path, report: Report) -> None:
        data_root.mkdir(parents=True, exist_ok=True)
        done = 0
        # On the same disk as its destination, so that each file is put in place in one step.
        with working_folder(data_root, DOWNLOAD) as folder:
            download = Download(folder, lambda server, spent: report(f"asking {server}", spent))
            for archive in self.archives():

                def received(size: int, before: int = done) -> None:
                    report(f"downloading {self.title}", min(1.0, (before + size) / self.packed_bytes))

                download.fetch(archive, received)
                done += (folder / archive.path).stat().st_size
            # Torchvision finds its archives, checks and unpacks them: nothing is left for it to download.
            self.torchvision_class()(folder, download=True)
            for file in self.files():
                (data_root / file).parent.mkdir(parents=True, exist_ok=True)
                os.replace(folder / file, data_root / file)


class IdxSet(TorchvisionSet):
    """A set in MNIST's format: four idx files, grey."""

    @property
    def channels(self) -> int:
        """Return 1: the images are grey."""
        return 1

    def files(self) -> tuple[str, ...]:
        """Return the four idx files."""
        return tuple(archive.path.removesuffix(".gz") for archive in self.archives())

    def archives(self) -> tuple[Archive, ...]:
        """Return the four packed idx files on torchvision's mirrors."""
        dataset_class = self.torchvision_class()
        return tuple(
            Archive(tuple(f"{mirror}{file}" for mirror in dataset_class.mirrors), f"{self.kind}/raw/{file}", md5)
            for file, md5 in dataset_class.resources
        )

    def part(self, data_root: Path, train: bool) -> tuple[Tensor, Tensor, tuple[str, ...]]:
        """Return images (N, 1, 28, 28), labels and class names."""
        dataset = self.torchvision_class()(data_root, train=train, download=False)
        # Torchvision calls the digits "0 - zero", "1 - one", ...
        return dataset.data.unsqueeze(1), dataset.targets, tuple(name.partition(" - ")[0] for name in dataset.classes)


class MNIST(IdxSet):
    """70,000 handwritten digits, 28 x 28 grey; 54,000 train, 6,000 validate, 10,000 test (LeCun et al. 1998)."""

    approximate_shape: ClassVar[Shape] = (1, 28, 28)
    approximate_size: ClassVar[int] = 54_000

    name: Literal["mnist"] = "mnist"
    kind: ClassVar[str] = "MNIST"
    title: ClassVar[str] = "MNIST"
    images_by_class: ClassVar[tuple[int, ...]] = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
    validation_images: ClassVar[int] = 6000
    packed_bytes: ClassVar[int] = 11_594_722

    @property
    def drawing(self) -> Preparation:
        """Return a 20 x 20 box, placed in the image by its centre of mass (LeCun et al. 1998)."""
        return Preparation("centre_of_mass", self.shape, box=(20, 20))


class FashionMNIST(IdxSet):
    """70,000 pieces of clothing, 28 x 28 grey; 54,000 train, 6,000 validate, 10,000 test (Xiao et al. 2017)."""

    approximate_shape: ClassVar[Shape] = (1, 28, 28)
    approximate_size: ClassVar[int] = 54_000

    name: Literal["fashion_mnist"] = "fashion_mnist"
    kind: ClassVar[str] = "FashionMNIST"
    title: ClassVar[str] = "Fashion-MNIST"
    images_by_class: ClassVar[tuple[int, ...]] = (6000,) * 10
    validation_images: ClassVar[int] = 6000
    packed_bytes: ClassVar[int] = 30_878_645

    @property
    def drawing(self) -> Preparation:
        """Return the whole image as the box, its longer side filled (Xiao et al. 2017)."""
        return Preparation("centred_box", self.shape, box=(28, 28), brush=0.12)


class CifarSet(TorchvisionSet):
    """A set in CIFAR's format: pickled batches in one archive, in colours."""

    @property
    def channels(self) -> int:
        """Return 3: red, green, blue."""
        return 3

    def files(self) -> tuple[str, ...]:
        """Return the training batches, the test batch and the class names."""
        dataset_class = self.torchvision_class()
        names = [name for name, _ in dataset_class.train_list + dataset_class.test_list] + [
            dataset_class.meta["filename"]
        ]
        return tuple(f"{dataset_class.base_folder}/{name}" for name in names)

    def archives(self) -> tuple[Archive, ...]:
        """Return the one archive that holds everything."""
        dataset_class = self.torchvision_class()
        return (Archive((dataset_class.url,), dataset_class.filename, dataset_class.tgz_md5),)

    def part(self, data_root: Path, train: bool) -> tuple[Tensor, Tensor, tuple[str, ...]]:
        """Return images (N, 3, 32, 32), labels and class names; torchvision unpickles only files of the right MD5."""
        dataset = self.torchvision_class()(data_root, train=train, download=False)
        images = torch.from_numpy(dataset.data).permute(0, 3, 1, 2).contiguous()
        return images, torch.tensor(dataset.targets, dtype=torch.int64), tuple(dataset.classes)


class CIFAR10(CifarSet):
    """60,000 small photographs, 32 x 32 colours; 45,000 train, 5,000 validate, 10,000 test (Krizhevsky 2009)."""

    approximate_shape: ClassVar[Shape] = (3, 32, 32)
    approximate_size: ClassVar[int] = 45_000

    name: Literal["cifar10"] = "cifar10"
    kind: ClassVar[str] = "CIFAR10"
    title: ClassVar[str] = "CIFAR-10"
    images_by_class: ClassVar[tuple[int, ...]] = (5000,) * 10
    validation_images: ClassVar[int] = 5000
    packed_bytes: ClassVar[int] = 170_498_071


class CIFAR100(CifarSet):
    """60,000 small photographs in 100 classes; 45,000 train, 5,000 validate, 10,000 test (Krizhevsky 2009)."""

    approximate_shape: ClassVar[Shape] = (3, 32, 32)
    approximate_size: ClassVar[int] = 45_000

    name: Literal["cifar100"] = "cifar100"
    kind: ClassVar[str] = "CIFAR100"
    title: ClassVar[str] = "CIFAR-100"
    images_by_class: ClassVar[tuple[int, ...]] = (500,) * 100
    validation_images: ClassVar[int] = 5000
    packed_bytes: ClassVar[int] = 169_001_437


_LOAD = """\
from torchvision import datasets


def load_images():
    \"\"\"Return training and test images (N, C, H, W), uint8, each with its labels (N,).\"\"\"
    parts = []
    for train in (True, False):
        dataset = datasets.{kind}("data", train=train, download=True)
        parts += [{pixels}.contiguous(), torch.as_tensor(dataset.targets)]
    return parts
"""


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
