"""Logits from a file: CSV, NPZ or safetensors, checked and in the order of the classes that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kd_core.errors import Reason
from kd_core.own_files.array_files import (
    is_safetensors,
    is_zip,
    npz_arrays,
    refuse_pickle,
    safetensors_arrays,
)
from kd_core.own_files.content import read_bytes
from kd_core.own_files.csv_columns import parts_of_table
from kd_core.own_files.csv_table import WHOLE, read_table
from kd_core.own_files.named_arrays import parts_of_arrays
from kd_core.own_files.parts import Parts, not_finite

SMALLEST: Final = float(np.finfo(np.float32).tiny)
"""What a probability of zero becomes, since its logarithm is no number: 1.18e-38, the smallest normal float32."""
SUM_TOLERANCE: Final = 0.01
"""Probabilities that were rounded when they were written still count as such."""
NO_LABEL: Final = -1


@dataclass(frozen=True)
class OwnLogits:
    """What one model, or two, say about N images.

    Args:
        logits: (N, K), float32.
        classes: K names, or None where nobody named them.
        labels: (N,), int64, -1 where an image has none; None where no image has one.
        index: (N,), which image a row is about, where the file says so; rows are in the file's order.
        second: (N, K), float32, of a second model.
        names: of the models, as the file names them.
        zeros: how many probabilities were zero and became ``SMALLEST``.
    """

    logits: NDArray[np.float32]
    classes: tuple[str, ...] | None
    labels: NDArray[np.int64] | None
    index: NDArray[np.int64] | None = None
    second: NDArray[np.float32] | None = None
    names: tuple[str, ...] = ()
    zeros: int = 0


def read_logits(path: Path | str, classes: Sequence[str] | None = None, probabilities: bool = False) -> OwnLogits:
    """Return the logits in a CSV, NPZ or safetensors file; its content decides which it is.

    Args:
        path: of the file.
        classes: the K names in the order that is asked for; columns with names are matched by name. Whole numbers
            among the labels count these; without them, the file's own columns.
        probabilities: whether the file holds probabilities, which become logarithms: softmax(log p / T) is p at T = 1.

    Raises:
        UploadRefused: no such file, of another kind, damaged or too large; probabilities where logits were to be;
            a number that is not finite, a short row, or other classes, with row and column.
    """
    file = Path(path).expanduser()
    return parse_logits(read_bytes(file), file.name, classes, probabilities)


def parse_logits(
    content: bytes, file: str, classes: Sequence[str] | None = None, probabilities: bool = False
) -> OwnLogits:
    """Return the logits in the bytes of a file; see ``read_logits``."""
    parts = _in_order(_parts(content, file, classes), classes)
    for name, values in parts.models.items():
        _check_finite(parts, name, values)
    converted = {name: _as_logits(parts, name, values, probabilities) for name, values in parts.models.items()}
    logits = [values.astype(np.float32) for values in converted.values()]
    names = tuple(classes) if classes is not None else parts.classes
    return OwnLogits(
        logits=logits[0],
        classes=names,
        labels=_labels(parts, names),
        index=parts.index,
        second=logits[1] if len(logits) > 1 else None,
        names=tuple(name for name in parts.models if name),
        zeros=sum(int((values == 0).sum()) for values in parts.models.values()) if probabilities else 0,
    )


def _parts(content: bytes, file: str, classes: Sequence[str] | None) -> Parts:
    refuse_pickle(content, file)
    if is_zip(content):
        return parts_of_arrays(npz_arrays(content, file), {}, file)
    if is_safetensors(content):
        return parts_of_arrays(*safetensors_arrays(content, file), file)
    return parts_of_table(read_table(content, file, classes), file, classes)


def _in_order(parts: Parts, classes: Sequence[str] | None) -> Parts:
    """Return the parts with columns in the order of ``classes``, by name where the file names them."""
    if not parts.count:
        raise parts.refused(Reason("own_no_rows", "it holds no row."))
    if parts.width < 2:
        raise parts.refused(Reason("own_one_class", "it has a single class; at least two are needed."))
    names = parts.classes
    if names is not None and len(names) != parts.width:
        words = "it names {named} classes and has {columns} columns of logits."
        raise parts.refused(Reason("own_class_names", words, named=len(names), columns=parts.width))
    twice = next((name for name in names or () if (names or ()).count(name) > 1), None)
    if twice is not None:
        raise parts.refused(Reason("own_class_twice", "two of its columns are named '{name}'.", name=twice))
    if classes is None:
        return parts
    order = _order(parts, list(classes))
    models = {name: values[:, order] for name, values in parts.models.items()}

    def place(model: str, row: int, column: int) -> Reason:
        return parts.place(model, row, order[column])

    return Parts(parts.file, models, tuple(classes), parts.labels, parts.index, place)


def _order(parts: Parts, classes: list[str]) -> list[int]:
    """Return for every class asked for the place of its column."""
    names = list(parts.classes or ())
    unknown = [name for name in names if name not in classes]
    missing = [name for name in classes if name not in names]
    counted = sorted(number for name in names if (number := _number_in(name)) is not None)
    if parts.width == len(classes) and (not names or (unknown and counted == list(range(len(classes))))):
        # No names, or "logit_0", "logit_1", ...: the columns are meant by their numbers.
        numbers = [_number_in(name) for name in names] or list(range(len(classes)))
        return [numbers.index(k) for k in range(len(classes))]
    if parts.width != len(classes):
        words = "row 1 has {columns} columns of logits, and there are {classes} classes ({names})."
        raise parts.refused(
            Reason(
                "own_class_count",
                words,
                columns=parts.width,
                classes=len(classes),
                names=", ".join((unknown or missing)[:5]) or "-",
            )
        )
    if unknown:
        words = "column {column} is named '{name}', which is none of the classes; '{missing}' is missing."
        column = names.index(unknown[0]) + 1
        raise parts.refused(Reason("own_class_unknown", words, column=column, name=unknown[0], missing=missing[0]))
    return [names.index(name) for name in classes]


def _number_in(name: str) -> int | None:
    """Return the number at the end of a column's name such as "logit_3"."""
    digits = name[len(name.rstrip("0123456789")) :]
    return int(digits) if digits and WHOLE.fullmatch(digits) and len(digits) < 6 else None


def _check_finite(parts: Parts, model: str, values: NDArray[np.float64]) -> None:
    with np.errstate(over="ignore"):
        wrong = np.argwhere(~np.isfinite(values.astype(np.float32)))
    if len(wrong):
        row, column = map(int, wrong[0])
        where, value = parts.place(model, row, column), f"{values[row, column]:g}"
        raise parts.refused(not_finite(where, value))


def _as_logits(parts: Parts, model: str, values: NDArray[np.float64], probabilities: bool) -> NDArray[np.float64]:
    likely = (values >= 0).all(1) & (abs(values.sum(1) - 1) <= SUM_TOLERANCE)
    if not probabilities:
        if likely.all():
            words = (
                "its rows are probabilities: none below 0, and each sums to 1. If they are, say so "
                "(probabilities=True), and their logarithms are taken."
            )
            raise parts.refused(Reason("own_probabilities", words))
        return values
    if not likely.all():
        row = int(np.flatnonzero(~likely)[0])
        column = int(values[row].argmin())
        words = "{where}: no probabilities; the row sums to {sum}, and this is its least, {least}."
        raise parts.refused(
            Reason(
                "own_no_probabilities",
                words,
                where=parts.place(model, row, column),
                sum=f"{values[row].sum():.4g}",
                least=f"{values[row, column]:.4g}",
            )
        )
    return np.log(np.where(values == 0, SMALLEST, values))


def _labels(parts: Parts, classes: Sequence[str] | None) -> NDArray[np.int64] | None:
    """Return labels as numbers: by the classes' names where all are named so, else as they count them."""
    if parts.labels is None or not any(label not in ("", str(NO_LABEL)) for label in parts.labels):
        return None
    number = {name: k for k, name in enumerate(classes or ())}
    given = [label.removesuffix(".0") for label in parts.labels]
    by_name = all(label in number for label in given if label not in ("", str(NO_LABEL)))
    result = np.full(len(given), NO_LABEL, dtype=np.int64)
    for row, label in enumerate(given):
        if label in ("", str(NO_LABEL)):
            continue
        if by_name:
            result[row] = number[label]
        elif WHOLE.fullmatch(label) and len(label) < 10 and int(label) < parts.width:
            result[row] = int(label)
        else:
            words = "the label in row {row}, '{value}', is neither a class's name nor a number from 0 to {last}."
            raise parts.refused(Reason("own_label", words, row=row + 1, value=label[:40], last=parts.width - 1))
    return result
