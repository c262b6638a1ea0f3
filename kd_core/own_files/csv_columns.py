"""The columns of a table: which hold logits, which labels, which the image's index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kd_core.errors import Reason, UploadRefused
from kd_core.own_files.csv_table import NOT_FINITE, NUMBER, WHOLE, Table
from kd_core.own_files.parts import INDEX_NAMES, LABEL_NAMES, Parts, cell_of_table, not_finite, plain

ENOUGH_ROWS: Final = 3
"""From here on a column of whole numbers beside decimals is no chance."""


def parts_of_table(table: Table, file: str, classes: Sequence[str] | None) -> Parts:
    """Return what a table holds.

    Without a header, a first column that counts the rows is the index, and a last one of class names, or of whole
    numbers below K beside decimals, the labels.

    Args:
        table: cells of text.
        file: its name.
        classes: the names that are asked for, or None.

    Raises:
        UploadRefused: a cell that is no finite number.
    """
    index_at, labels_at = _by_name(table, classes or ()) if table.header else _by_content(table, classes)
    places = [place for place in range(table.columns) if place not in (index_at, labels_at)]
    names = None if table.header is None else tuple(table.header[place] for place in places)

    def place(model: str, row: int, column: int) -> Reason:
        return cell_of_table(row + 1, table.lines[row], table.name(places[column]))

    return Parts(
        file=file,
        models={"": _numbers(table, places, file)},
        classes=names,
        labels=None if labels_at is None else table.column(labels_at),
        index=None if index_at is None else _whole(table.column(index_at)),
        place=place,
    )


def _by_name(table: Table, classes: Sequence[str]) -> tuple[int | None, int | None]:
    assert table.header is not None
    names = [(place, plain(name)) for place, name in enumerate(table.header) if name not in classes]
    index = [place for place, name in names if name in INDEX_NAMES or (not name and place == 0)]
    labels = [place for place, name in names if name in LABEL_NAMES]
    return (index[0] if index else None), (labels[0] if labels else None)


def _by_content(table: Table, classes: Sequence[str] | None) -> tuple[int | None, int | None]:
    columns, rows = table.columns, len(table.rows)
    extra = 2 if classes is None else columns - len(classes)
    index = labels = None
    first = table.column(0)
    if extra > 0 and columns > 2 and rows >= ENOUGH_ROWS and _counts(first) and _has_decimals(table, 1):
        index, extra = 0, extra - 1
    last = table.column(columns - 1)
    if extra > 0 and columns > 2 and classes is not None and all(cell in classes for cell in last):
        labels = columns - 1
    elif (
        extra > 0
        and columns > 2
        and (classes is not None or (rows >= ENOUGH_ROWS and _has_decimals(table, int(index is not None))))
    ):
        answers = columns - 1 - (index is not None)
        labels = columns - 1 if all(WHOLE.fullmatch(cell) and int(cell) < answers for cell in last) else None
    return index, labels


def _counts(cells: Sequence[str]) -> bool:
    """Tell whether cells count the rows, from 0 or from 1."""
    numbers = [int(cell) for cell in cells if WHOLE.fullmatch(cell)]
    return len(numbers) == len(cells) and numbers in (list(range(len(cells))), list(range(1, len(cells) + 1)))


def _has_decimals(table: Table, column: int) -> bool:
    return any(not WHOLE.fullmatch(cell) for cell in table.column(column))


def _whole(cells: Sequence[str]) -> NDArray[np.int64] | None:
    """Return an index; None where images are told by something else than numbers, such as the names of files."""
    if not all(WHOLE.fullmatch(cell) and len(cell) < 18 for cell in cells):
        return None
    return np.array([int(cell) for cell in cells], dtype=np.int64)


def _numbers(table: Table, places: Sequence[int], file: str) -> NDArray[np.float64]:
    """Return (N, K); the first cell that is no finite number is told."""
    cells = [[row[place] for place in places] for row in table.rows]
    if table.decimal_comma:
        cells = [[cell.replace(",", ".") for cell in row] for row in cells]
    # float() would also take "1_000" and digits of other alphabets.
    if all(NUMBER.fullmatch(cell) and "," not in cell for row in cells for cell in row):
        return np.array(cells, dtype=np.float64).reshape(len(cells), len(places))
    row, column = next(
        (row, column)
        for row, line in enumerate(cells)
        for column, cell in enumerate(line)
        if not NUMBER.fullmatch(cell) or "," in cell
    )
    where = cell_of_table(row + 1, table.lines[row], table.name(places[column]))
    raise UploadRefused(file=file, reason=_no_number(table.rows[row][places[column]], where))


def _no_number(cell: str, where: Reason) -> Reason:
    if not cell:
        return Reason("own_cell_empty", "{where} is empty.", where=where)
    if NOT_FINITE.fullmatch(cell):
        return not_finite(where, cell)
    return Reason("own_cell_no_number", "{where}: '{value}' is no number.", where=where, value=cell[:40])
