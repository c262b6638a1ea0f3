"""Folder layout: which files of a folder of images are for training, validation and test, and which for nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

from kd_core.datasets.io import folders, found_files, loose_images, unwrapped
from kd_core.errors import DataUnusable, Reason

SPLIT_NAMES = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid"),
    "test": ("test", "testing"),
}


@dataclass(frozen=True)
class Part:
    """The image files of one split: N paths, and N labels by class name."""

    paths: tuple[Path, ...]
    class_names: tuple[str, ...]


@dataclass(frozen=True)
class FolderLayout:
    """What a folder holds.

    Args:
        parts: by split; ``train`` alone where the folder has no splits.
        left_out: by why, names relative to the folder: "format" for files that are not read, "link" for folders that
            are links, "loose" for images in no class folder, "second" for another folder of the same split, "beside"
            for folders with images beside those of the splits.
    """

    parts: Mapping[str, Part]
    left_out: Mapping[str, tuple[str, ...]]


def layout_of(root: Path, most: int) -> FolderLayout:
    """Return which files are what; folders that only wrap the others are seen through.

    Args:
        root: the folder.
        most: about so many files of a class folder are looked at.

    Raises:
        OSError: it cannot be listed.
        DataUnusable: it has splits and none named ``train``, or a name that cannot be read.
    """
    return _Reading(root, most).layout()


def _seen_through(root: Path) -> Path:
    """Return the folder that lone folders wrap; one that is named after a split is no wrapper."""
    inside = unwrapped(root).relative_to(root).parts
    splits = {name for names in SPLIT_NAMES.values() for name in names}
    wrappers = takewhile(lambda name: name.lower() not in splits, inside)
    return root.joinpath(*wrappers)


def readable(name: str) -> str:
    """Return a name from the disk with the bytes that are no UTF-8 written as numbers."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


class _Reading:
    """One look at a folder; what is left out is noted on the way."""

    def __init__(self, root: Path, most: int) -> None:
        self.root, self.most = root, most
        self.left_out: dict[str, list[str]] = {}

    def layout(self) -> FolderLayout:
        root = _seen_through(self.root)
        top = folders(root)
        by_split = self._split_folders(top)
        if by_split and "train" not in by_split:
            other = next(iter(by_split.values())).name
            reason = Reason("data_no_train", "it has a folder '{other}', and none named 'train'.", other=other)
            raise DataUnusable(source=str(self.root), reason=reason)
        self._note("loose", loose_images(root))
        if not by_split:
            parts = {"train": self._part(top)}
        else:
            parts = {split: self._part(folders(folder)) for split, folder in by_split.items()}
            for folder in by_split.values():
                self._note("loose", loose_images(folder))
        left_out = {why: tuple(names) for why, names in sorted(self.left_out.items())}
        return FolderLayout(parts, left_out)

    def _split_folders(self, top: Mapping[str, Path]) -> dict[str, Path]:
        """Return by split the folder that is named after it; such a folder holds folders, a class holds images."""
        by_split: dict[str, Path] = {}
        seconds: list[Path] = []
        for split, names in SPLIT_NAMES.items():
            # Of names that differ in case alone the last one, which is the one in small letters, comes first.
            named = [folder for name in names for folder in reversed([*top.values()]) if folder.name.lower() == name]
            holding = [folder for folder in named if folders(folder)]
            if holding:
                by_split[split] = holding[0]
                seconds += holding[1:]
        if by_split:
            self._note("second", seconds)
            taken = {*by_split.values(), *seconds}
            others = (folder for folder in top.values() if folder not in taken)
            self._note("beside", (folder for folder in others if next(found_files(folder), None)))
        return by_split

    def _part(self, class_folders: Mapping[str, Path]) -> Part:
        paths: list[Path] = []
        class_names: list[str] = []
        for name, folder in class_folders.items():
            if readable(name) != name:
                template = "the folder '{name}' has a name that is not UTF-8. Rename it."
                reason = Reason("data_name", template, name=readable(name))
                raise DataUnusable(source=str(self.root), reason=reason)
            # One more than allowed is enough to know that there are too many.
            found = list(islice(found_files(folder), self.most + 1))
            for why in ("format", "link"):
                self._note(why, (path for path, problem in found if problem == why))
            images = [path for path, problem in found if not problem]
            paths += images
            # The same word may be stored with its accents as letters of their own, as macOS does, or without.
            class_names += [unicodedata.normalize("NFC", name)] * len(images)
        return Part(tuple(paths), tuple(class_names))

    def _note(self, why: str, paths: Iterable[Path]) -> None:
        names = [readable(path.relative_to(self.root).as_posix()) for path in paths]
        if names:
            self.left_out.setdefault(why, []).extend(names)
