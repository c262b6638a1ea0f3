"""A table of text as people have it: comma, semicolon, tab or blanks between cells, a header or none."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kd_core.errors import Reason, UploadRefused
from kd_core.own_files.content import empty

MOST_CELLS: Final = 10_000_000
LOOKED_AT: Final = 50
"""So many lines decide what stands between cells."""
BLANKS: Final = " "
SEPARATORS: Final = ("\t", ";", ",", BLANKS)
"""In the order in which they are preferred where several would do."""

NUMBER: Final = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)
NOT_FINITE: Final = re.compile(r"[+-]?(nan|inf|infinity|n/?a|#n/a|#num!|null|none|-)", re.IGNORECASE)
WHOLE: Final = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True)
class Table:
    """Cells of text.

    Args:
        header: the names of the columns, or None.
        rows: of equal length.
        lines: of every row, the line of the file, from 1.
        decimal_comma: whether a comma stands inside numbers.
    """

    header: tuple[str, ...] | None
    rows: list[list[str]]
    lines: list[int]
    decimal_comma: bool

    @property
    def columns(self) -> int:
        """Return how many there are."""
        return len(self.rows[0])

    def column(self, place: int) -> list[str]:
        """Return the cells of a column."""
        return [row[place] for row in self.rows]

    def name(self, place: int) -> str:
        """Return a column's number, from 1, with its name where it has one."""
        named = self.header is not None and self.header[place]
        return f"{place + 1} ('{named}')" if named else str(place + 1)


def read_table(content: bytes, file: str, classes: Sequence[str] | None) -> Table:
    """Return the table in a file of text.

    Args:
        content: of the file.
        file: its name, for the sentence of an error.
        classes: names that make the first row a header, however much they look like numbers.

    Raises:
        UploadRefused: no text, nothing in it, or a row that is longer or shorter than the others.
    """
    text = _decoded(content, file)
    separator = _separator(text)
    try:
        rows, lines = _cells(text, separator)
    except csv.Error as error:
        raise UploadRefused(file=file, reason=Reason("own_no_table", "it is no table ({said}).", said=error)) from error
    if not rows:
        raise UploadRefused(file=file, reason=empty())
    header = _header(rows, classes)
    body, at = (rows[1:], lines[1:]) if header else (rows, lines)
    if not body:
        raise UploadRefused(file=file, reason=Reason("own_only_header", "it holds a header and no row."))
    width = len(header) if header else Counter(map(len, body)).most_common(1)[0][0]
    for place, row in enumerate(body):
        if len(row) != width:
            words = "row {row} (line {line}) ends at column {cells}, and the others have {columns} columns."
            raise UploadRefused(
                file=file,
                reason=Reason("own_row_length", words, row=place + 1, line=at[place], cells=len(row), columns=width),
            )
    # Written "1,5": only where a comma separates nothing, and no number in the file has a point.
    has_comma = any("," in cell and NUMBER.fullmatch(cell) for row in body for cell in row)
    has_point = has_comma and any("." in cell and NUMBER.fullmatch(cell) for row in body for cell in row)
    return Table(header, body, at, has_comma and not has_point)


def is_header(row: Sequence[str]) -> bool:
    """Tell whether a row has a cell of words, or an empty one above an index."""
    words = any(cell and not NUMBER.fullmatch(cell) and not NOT_FINITE.fullmatch(cell) for cell in row)
    return words or (not row[0] and row[1:] == [str(number) for number in range(len(row) - 1)])


def _decoded(content: bytes, file: str) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        words = "it is neither NPZ nor safetensors nor text in UTF-8."
        raise UploadRefused(file=file, reason=Reason("own_no_text", words))
    return text.replace("\u2212", "-")  # a minus as it is typeset


def _separator(text: str) -> str:
    """Return what cuts most of the first lines into the same number of cells, more than one."""
    first = [line for line in text.splitlines()[: 2 * LOOKED_AT] if line.strip()][:LOOKED_AT]

    def agreeing(separator: str) -> int:
        if separator == BLANKS:
            counts = Counter(len(line.split()) for line in first)
        else:
            counts = Counter(map(len, csv.reader(first, delimiter=separator)))
        counts.pop(1, None)
        return max(counts.values(), default=0)

    try:
        return max(SEPARATORS, key=agreeing)  # the first of equals
    except csv.Error:
        return ","


def _cells(text: str, separator: str) -> tuple[list[list[str]], list[int]]:
    """Return the rows that hold something, without blanks around cells, and their lines."""
    text = re.sub(r"\A\s*#[ \t]*", "", text)  # how NumPy marks a header
    rows, lines = [], []
    if separator == BLANKS:
        numbered = ((number, line.split()) for number, line in enumerate(text.splitlines(), 1))
    else:
        reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
        numbered = ((reader.line_num, row) for row in reader)
    count = 0
    for number, row in numbered:
        cells = [cell.strip() for cell in row]
        count += len(cells)
        if count > MOST_CELLS:
            raise csv.Error(f"more than {MOST_CELLS:,} cells; NPZ or safetensors hold more")
        if any(cells):
            rows.append(cells)
            lines.append(number)
    if len(rows) > 1 and all(len(row) > 1 and not row[-1] for row in rows):
        rows = [row[:-1] for row in rows]  # a separator at the end of every line
    return rows, lines


def _header(rows: list[list[str]], classes: Sequence[str] | None) -> tuple[str, ...] | None:
    first = rows[0]
    if is_header(first) or (classes is not None and set(classes) <= set(first)):
        return tuple(first)
    # "0,1,2" above numbers with decimals: the columns' numbers, as pandas writes them.
    numbered = first == [str(number) for number in range(len(first))] and len(first) > 1
    decimals = any(not WHOLE.fullmatch(cell) for row in rows[1:] for cell in row)
    return tuple(first) if numbered and decimals else None
