"""Image folder: the reader's own images, one folder a class."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from pydantic import model_validator
from torch import Tensor

from kd_core.datasets.base import Normalised, Report, Shape
from kd_core.datasets.folder_layout import FolderLayout, Part, layout_of, readable
from kd_core.datasets.io import read_images
from kd_core.datasets.splits import LoadedDataset, Split
from kd_core.datasets.stratified import stratified_split
from kd_core.drawings import Preparation, scaled
from kd_core.errors import DataUnusable, Reason, system_reason
from kd_core.functional import make_generator
from kd_core.settings import ExtensibleSettings, setting

MAX_FILES = 100_000
MAX_BYTES = 2 * 1024**3
SHARE = 0.15
"""Of all images, for the test split and for validation, where the folder has no test split of its own."""
VALIDATION_SHARE = 0.1
"""Of the training images, where the folder has a test split but no validation."""

GROUNDS = {"white": 255, "black": 0}


class ImageFolder(Normalised, ExtensibleSettings):
    """Images from a folder.

    Either folders ``train``, ``test`` and ``validation`` (or ``val``, ``valid``) hold a folder for each class, or the
    class folders lie directly inside. Without ``test``, 15 % of the training images are set aside for it by
    ``split_seed``, every class by its share. Without ``validation``, every run cuts its own by its seed: 15 % of all
    images, or 10 % of the training images where ``test`` was given. A folder ``train`` without folders is a class.
    Whatever else lies there is left out, and named with the reason.
    """

    added_later: ClassVar[frozenset[str]] = frozenset({"background"})

    name: Literal["image_folder"] = "image_folder"
    path: str = setting(..., title="Folder", description="Where the images lie, one folder a class.", min_length=1)
    size: int = setting(
        32,
        title="Image size",
        description="Images are scaled to this height and width; what is too long is cut off on both sides.",
        unit="pixels",
        ge=8,
        le=256,
    )
    grey: bool = setting(False, title="Grey", description="One channel of brightness instead of three of colour.")
    background: Literal["white", "black"] = setting(
        "white", title="Background", description="What shows through where an image is transparent."
    )
    split_seed: int = setting(0, title="Split seed", description="Which images are set aside for the test.", ge=0)
    content: str = setting(
        "",
        title="Content",
        description="What the folder held when it was chosen: a digest of names, sizes and times; filled in by itself.",
        max_length=16,
    )

    @model_validator(mode="before")
    @classmethod
    def _know_the_content(cls, values: Any) -> Any:
        # Without it, networks trained on what a folder held yesterday would be taken for those of today.
        if isinstance(values, Mapping) and not values.get("content") and isinstance(values.get("path"), str):
            return {**values, "content": content_of(Path(values["path"]))}
        return values

    @property
    def label(self) -> str:
        """Return the folder's name."""
        return Path(self.path).name or self.path

    @property
    def channels(self) -> int:
        """Return 1 for grey, 3 for colours."""
        return 1 if self.grey else 3

    @property
    def shape(self) -> Shape:
        """Return what the settings say."""
        return self.channels, self.size, self.size

    @property
    def drawing(self) -> Preparation:
        """Return the whole picture, on the ground that shows through transparent ones."""
        return scaled(self.shape, GROUNDS[self.background])

    def outline(self) -> LoadedDataset:
        """Return the dataset without pixels, from the names of its files: one that is broken counts as if it were not.

        Raises:
            DataUnusable: see ``load``.
        """
        parts = self._layout().parts
        classes = _classes(parts)
        return self._source(
            {name: self.without_pixels(_labels(part, classes), classes) for name, part in parts.items()}
        )

    def load(self, data_root: Path, report: Report = lambda what, done: None) -> LoadedDataset:
        """Read the images; ``data_root`` is not looked at.

        Files that cannot be read are named in ``LoadedDataset.skipped``, what else is passed over in ``left_out``.

        Raises:
            DataUnusable: no such folder, too many files, fewer than two classes, or a class without images in a split.
        """
        layout = self._layout()
        classes = _classes(layout.parts)
        report("reading images", 0.0)
        splits: dict[str, Split] = {}
        skipped: list[str] = []
        for name, part in layout.parts.items():
            splits[name], broken = self._read(part, classes, report)
            skipped.extend(broken)
        return replace(self._source(splits), skipped=tuple(skipped), left_out=layout.left_out)

    def _layout(self) -> FolderLayout:
        """Return which files are what, where they can be learned from."""
        try:
            layout = layout_of(Path(self.path).expanduser(), MAX_FILES)
        except FileNotFoundError as error:
            raise self._unusable(Reason("data_no_folder", "there is no such folder.")) from error
        except OSError as error:
            reason = Reason("data_unreadable", "it cannot be read ({said}).", said=system_reason(error))
            raise self._unusable(reason) from error
        if self.content != content_of(Path(self.path)):
            raise self._unusable(Reason("data_changed", "it has changed since it was chosen. Choose the folder again."))
        self._check_size(sum(len(part.paths) for part in layout.parts.values()))
        self._check_classes(layout.parts)
        return layout

    def _check_size(self, count: int) -> None:
        if count > MAX_FILES:
            raise self._unusable(Reason("data_images", "it holds more than {most} images.", most=f"{MAX_FILES:,}"))
        needed = count * self.channels * self.size**2
        if needed > MAX_BYTES:
            reason = Reason(
                "data_memory",
                "{count} images of {size} x {size} need {needed} GB of memory, and {most} GB are allowed. "
                "Choose a smaller image size, or fewer images.",
                count=f"{count:,}",
                size=self.size,
                needed=f"{needed / 1024**3:.1f}",
                most=f"{MAX_BYTES / 1024**3:.1f}",
            )
            raise self._unusable(reason)

    def _check_classes(self, parts: Mapping[str, Part]) -> None:
        classes = _classes(parts)
        if len(classes) < 2:
            raise self._unusable(_too_few_classes(classes))
        for name, part in parts.items():
            unknown = sorted(set(part.class_names) - set(classes))
            if unknown:
                template = "the class '{name}' is in '{split}' but has no image in 'train'."
                raise self._unusable(Reason("data_unknown_class", template, name=unknown[0], split=name))

    def _read(self, part: Part, classes: tuple[str, ...], report: Report) -> tuple[Split, list[str]]:
        labels = _labels(part, classes)
        images, usable = read_images(part.paths, self.size, self.grey, report, GROUNDS[self.background])
        if bool(usable.all()):
            return self.split(images, labels, classes), []
        root = Path(self.path).expanduser()
        broken = [part.paths[index].relative_to(root) for index in (~usable).nonzero().squeeze(1).tolist()]
        return self.split(images[usable], labels[usable], classes), [readable(str(path)) for path in broken]

    def _source(self, splits: dict[str, Split]) -> LoadedDataset:
        train, validation, test = splits["train"], splits.get("validation"), splits.get("test")
        to_cut = [name for name, split in (("validation", validation), ("test", test)) if split is None]
        self._check_counts("train", train, least=1 + len(to_cut), purposes=["training", *to_cut])
        for name, split in splits.items():
            self._check_counts(name, split, least=1, purposes=[name])
        share = VALIDATION_SHARE if test is not None else SHARE
        count = max(len(train.classes), round(share * len(train)))
        if test is None:
            test_index, train_index = stratified_split(train.labels, count, self._draws())
            train, test = train.subset(train_index), train.subset(test_index)
        return LoadedDataset(train, test, validation, cut=0 if validation is not None else count)

    def _check_counts(self, name: str, split: Split, least: int, purposes: list[str]) -> None:
        counts = torch.bincount(split.labels, minlength=len(split.classes)).tolist()
        for class_name, count in zip(split.classes, counts, strict=True):
            if count < least:
                raise self._unusable(_too_few_images(class_name, name, count, least, purposes))

    def _draws(self) -> torch.Generator:
        return make_generator(self.split_seed, "image_folder", "test")

    def _unusable(self, reason: Reason) -> DataUnusable:
        return DataUnusable(source=self.path, reason=reason)


def _classes(parts: Mapping[str, Part]) -> tuple[str, ...]:
    return tuple(sorted(set(parts["train"].class_names)))


def _labels(part: Part, classes: tuple[str, ...]) -> Tensor:
    number = {name: index for index, name in enumerate(classes)}
    return torch.tensor([number[name] for name in part.class_names], dtype=torch.int64)


def _too_few_classes(classes: tuple[str, ...]) -> Reason:
    if classes:
        template = "at least two class folders with images are needed, and only '{name}' has any."
        return Reason("data_one_class", template, name=classes[0])
    return Reason("data_no_class", "at least two class folders with images are needed, and none was found.")


def _too_few_images(class_name: str, split: str, count: int, least: int, purposes: list[str]) -> Reason:
    return Reason(
        "data_few_images",
        "the class '{name}' has {usable} in '{split}'; {least} {needed}, one for each of {purposes}.",
        name=class_name,
        usable="no usable image" if count == 0 else f"only {count} usable image{'s' * (count > 1)}",
        count=count,
        split=split,
        least=least,
        needed="are needed" if least > 1 else "is needed",
        purposes=", ".join(purposes),
    )


def content_of(folder: Path) -> str:
    """Return a digest of the names, sizes and times of a folder's files; empty where there is no such folder."""
    root = folder.expanduser()
    if not root.is_dir():
        return ""
    digest = hashlib.sha256()
    for at, inner, files in os.walk(root):
        inner.sort()
        for name in sorted(files):
            path = Path(at) / name
            with suppress(OSError):  # a broken link counts by its name
                stat = path.stat()
                digest.update(f"{stat.st_size} {stat.st_mtime_ns} ".encode())
            # A name of another alphabet than UTF-8 counts by its bytes.
            digest.update(f"{path.relative_to(root).as_posix()}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]
