"""Named arrays: which are logits of a model, which labels, index or class names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kd_core.errors import Reason, UploadRefused
from kd_core.own_files.array_files import Arrays
from kd_core.own_files.parts import INDEX_NAMES, LABEL_NAMES, Parts, cell_of_array, plain

MOST_MODELS: Final = 2
CLASS_NAMES: Final = frozenset(("classes", "class_names", "names", "类别"))


def parts_of_arrays(arrays: Arrays, metadata: Mapping[str, str], file: str) -> Parts:
    """Return what named arrays hold: every table of numbers (N, K) is a model's logits, at most two.

    A list of whole numbers is the labels, or by its name the index; a list of texts the class names, which safetensors
    keep in their metadata as JSON, ``{"classes": '["cat", "dog"]'}``.

    Raises:
        UploadRefused: no logits, more than two models, or arrays of different length.
    """
    models = {name: values for name, values in arrays.items() if values.ndim == 2 and values.dtype.kind in "fiu"}
    if not models:
        told = ", ".join(f"{name} {list(values.shape)}" for name, values in arrays.items()) or "-"
        words = "it holds no table of numbers, images by classes, but: {arrays}."
        raise UploadRefused(file=file, reason=Reason("own_no_logits", words, arrays=told[:200]))
    if len(models) > MOST_MODELS:
        words = "it holds {count} tables of numbers ({names}); one model, or two to compare, can be read."
        names = ", ".join(models)[:200]
        raise UploadRefused(file=file, reason=Reason("own_many_models", words, count=len(models), names=names))
    in_order = dict(sorted(models.items(), key=lambda named: "teacher" not in plain(named[0])))
    lists = {name: values for name, values in arrays.items() if values.ndim == 1}
    labels, index = _labels(lists), _index(lists)
    for name, values in (*models.items(), ("labels", labels), ("index", index)):
        _check_shape(name, values, next(iter(in_order.items())), file)

    def place(model: str, row: int, column: int) -> Reason:
        return cell_of_array(model, row + 1, column + 1)

    return Parts(
        file=file,
        models={name: values.astype(np.float64) for name, values in in_order.items()},
        classes=_classes(lists, metadata, file),
        labels=None if labels is None else [str(label) for label in labels.tolist()],
        index=index,
        place=place,
    )


def _check_shape(name: str, values: NDArray[Any] | None, first: tuple[str, NDArray[Any]], file: str) -> None:
    if values is None or (values.shape == first[1].shape if values.ndim == 2 else len(values) == len(first[1])):
        return
    words = "'{name}' has the shape {shape}, and '{first}' {expected}."
    raise UploadRefused(
        file=file,
        reason=Reason(
            "own_shapes", words, name=name, shape=list(values.shape), first=first[0], expected=list(first[1].shape)
        ),
    )


def _labels(lists: Arrays) -> NDArray[Any] | None:
    named = [values for name, values in lists.items() if plain(name) in LABEL_NAMES and values.dtype.kind in "fiuU"]
    whole = [values for name, values in lists.items() if values.dtype.kind in "iu" and plain(name) not in INDEX_NAMES]
    labels = next(iter([*named, *whole]), None)
    if labels is not None and labels.dtype.kind == "f" and np.isfinite(labels).all() and (labels % 1 == 0).all():
        return labels.astype(np.int64)
    return labels


def _index(lists: Arrays) -> NDArray[np.int64] | None:
    named = (values for name, values in lists.items() if plain(name) in INDEX_NAMES and values.dtype.kind in "iu")
    index = next(named, None)
    return None if index is None else index.astype(np.int64)


def _classes(lists: Arrays, metadata: Mapping[str, str], file: str) -> tuple[str, ...] | None:
    for name, values in lists.items():
        if plain(name) in CLASS_NAMES and values.dtype.kind == "U":
            return tuple(map(str, values.tolist()))
    if "classes" not in metadata:
        return None
    try:
        names = json.loads(metadata["classes"])
    except ValueError:
        names = [name.strip() for name in metadata["classes"].split(",")]
    if not isinstance(names, list):
        words = "its metadata name 'classes' that are no list."
        raise UploadRefused(file=file, reason=Reason("own_classes_no_list", words))
    return tuple(map(str, names))
