"""Logits for a training split: as many as it has images, in their order, and about the same labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kd_core.errors import Reason, UploadRefused
from kd_core.own_files.logits import NO_LABEL, OwnLogits, read_logits


def training_logits(
    path: Path | str, classes: Sequence[str], labels: NDArray[np.integer], probabilities: bool = False
) -> NDArray[np.float32]:
    """Return what a file says about every image of a training split, (N, K), in the split's own order.

    Rows are keyed by their index in the split: by a column or an array ``index`` where there is one, else by place.

    Args:
        path: of the file.
        classes: the K names of the dataset.
        labels: (N,), of the whole training split, before any of it becomes validation.
        probabilities: whether the file holds probabilities.

    Raises:
        UploadRefused: it cannot be read, has more or fewer rows, an index twice or out of range, or other labels.
    """
    own = read_logits(path, classes, probabilities)
    file = Path(path).name
    _check_rows(own, len(labels), file)
    order = np.arange(len(labels)) if own.index is None else _order(own.index, file)
    if own.labels is not None:
        _check_labels(own, labels, classes, order, file)
    return own.logits[order]


def check_size(path: Path | str, images: int, classes: int, probabilities: bool = False) -> None:
    """Refuse a file that speaks about another number of images or classes, where no more of them is known yet.

    Raises:
        UploadRefused: it cannot be read, or has more or fewer rows or columns.
    """
    own = read_logits(path, probabilities=probabilities)
    _check_rows(own, images, Path(path).name)
    if own.logits.shape[1] != classes:
        words = "it has {columns} columns of logits, and the dataset has {classes} classes."
        columns = own.logits.shape[1]
        raise UploadRefused(file=Path(path).name, reason=Reason("own_columns", words, columns=columns, classes=classes))


def _check_rows(own: OwnLogits, images: int, file: str) -> None:
    if len(own.logits) != images:
        words = "it has {rows} rows, and the training split has {images} images (validation among them)."
        raise UploadRefused(
            file=file, reason=Reason("own_row_count", words, rows=f"{len(own.logits):,}", images=f"{images:,}")
        )
    if own.second is not None:
        words = "it holds two models, and one teaches."
        raise UploadRefused(file=file, reason=Reason("own_two_teachers", words))


def _order(index: NDArray[np.int64], file: str) -> NDArray[np.intp]:
    """Return the row of every image; an index may count from 0 or from 1."""
    base = int(index.min()) if int(index.min()) in (0, 1) else 0
    expected = np.arange(len(index)) + base
    if not np.array_equal(np.sort(index), expected):
        values, counts = np.unique(index, return_counts=True)
        wrong = values[(counts > 1) | (values < 0) | (values >= len(index) + base)]
        value = int(wrong[0])
        row = int(np.flatnonzero(index == value)[-1]) + 1
        words = "row {row} is about image {value}, which occurs twice or is none of the images {first} to {last}."
        raise UploadRefused(
            file=file, reason=Reason("own_index", words, row=row, value=value, first=base, last=len(index) - 1 + base)
        )
    return np.argsort(index, kind="stable")


def _check_labels(
    own: OwnLogits, labels: NDArray[np.integer], classes: Sequence[str], order: NDArray[np.intp], file: str
) -> None:
    assert own.labels is not None
    given = own.labels[order]
    differ = np.flatnonzero((given != labels) & (given != NO_LABEL))
    if len(differ):
        image = int(differ[0])
        words = (
            "the label of image {image} (row {row}) is '{given}', and the dataset says '{label}': {count} of {all} "
            "differ. The rows may be in another order."
        )
        raise UploadRefused(
            file=file,
            reason=Reason(
                "own_other_labels",
                words,
                image=image,
                row=int(order[image]) + 1,
                given=classes[int(given[image])],
                label=classes[int(labels[image])],
                count=f"{len(differ):,}",
                all=f"{len(labels):,}",
            ),
        )
