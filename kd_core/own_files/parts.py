"""What a file holds before it is checked: models, labels, index and class names, in the file's own order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kd_core.errors import Reason, UploadRefused

LABEL_NAMES: Final = frozenset(
    ["label", "labels", "target", "targets", "y", "y_true", "class", "true", "truth", "gt", "ground_truth", "answer"]
) | {"标签", "类别", "真实标签"}
INDEX_NAMES: Final = frozenset(
    ["index", "idx", "id", "image", "image_index", "image_id", "sample", "row", "unnamed:0", "序号", "编号", "索引"]
)


@dataclass(frozen=True)
class Parts:
    """What a file holds.

    Args:
        file: its name, for the sentence of an error.
        models: by name, (N, K), float64.
        classes: the K names of the columns, or None.
        labels: N names or whole numbers, as they are written; "" for none.
        index: (N,), which image a row is about.
        place: from model, row and column, counted from 0, to the words for it.
    """

    file: str
    models: dict[str, NDArray[np.float64]]
    classes: tuple[str, ...] | None
    labels: Sequence[str] | None
    index: NDArray[np.int64] | None
    place: Callable[[str, int, int], Reason]

    @property
    def count(self) -> int:
        """Return N."""
        return len(next(iter(self.models.values())))

    @property
    def width(self) -> int:
        """Return K."""
        return int(next(iter(self.models.values())).shape[1])

    def refused(self, reason: Reason) -> UploadRefused:
        """Return an error about this file."""
        return UploadRefused(file=self.file, reason=reason)


def cell_of_table(row: int, line: int, column: str) -> Reason:
    """Return the words for a cell of a text file; all count from 1, and lines count the header too."""
    return Reason("own_cell", "row {row} (line {line}), column {column}", row=row, line=line, column=column)


def cell_of_array(array: str, row: int, column: int) -> Reason:
    """Return the words for a number of an array; both count from 1."""
    return Reason("own_number", "row {row}, column {column} of '{array}'", row=row, column=column, array=array)


def not_finite(where: Reason, value: str) -> Reason:
    """Return the sentence on a number that is none or has no end."""
    return Reason("own_cell_not_finite", "{where}: '{value}' is no finite number.", where=where, value=value)


def plain(name: str) -> str:
    """Return a column's or an array's name as the known ones are written."""
    return name.strip().casefold().replace(" ", "")
