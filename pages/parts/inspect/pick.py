"""A selection as a link writes it: which images are meant, by what was said of them or one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from kd_core.results.inspection import GROUPS

LONGEST: Final = 1500
"""Letters of a selection in a link; browsers and servers take about two thousand in all."""
BINS: Final = 15

_RANGES: Final = re.compile(r"\d{1,9}(-\d{1,9})?(\.\d{1,9}(-\d{1,9})?)*", re.ASCII)


def is_pick(text: str, images: int, classes: int) -> bool:
    """Tell whether a text is a selection among so many images and classes.

    It is ``cell:A:3:5`` (label 3 taken for 5 by the first network; B by the second, D by exactly one of them),
    ``group:copied``, ``bin:A:14`` (of confidence), ``entropy:3``, ``class:3`` or ``images:1-5.8``.
    """
    kind, *parts = text.split(":")
    return len(text) <= LONGEST and kind in _CHECKS and _CHECKS[kind](parts, images, classes)


def _cell(parts: list[str], images: int, classes: int) -> bool:
    return len(parts) == 3 and parts[0] in ("A", "B", "D") and all(_below(part, classes) for part in parts[1:])


def _bin(parts: list[str], images: int, classes: int) -> bool:
    return len(parts) == 2 and parts[0] in ("A", "B") and _below(parts[1], BINS)


def _entropy(parts: list[str], images: int, classes: int) -> bool:
    return len(parts) == 1 and _below(parts[0], BINS)


def _class(parts: list[str], images: int, classes: int) -> bool:
    return len(parts) == 1 and _below(parts[0], classes)


def _group(parts: list[str], images: int, classes: int) -> bool:
    return len(parts) == 1 and parts[0] in GROUPS


def _images(parts: list[str], images: int, classes: int) -> bool:
    if len(parts) != 1 or not _RANGES.fullmatch(parts[0]):
        return False
    return all(_below(number, images) for number in re.split(r"[.-]", parts[0]))


def _below(text: str, end: int) -> bool:
    return re.fullmatch(r"\d{1,9}", text, re.ASCII) is not None and int(text) < end


_CHECKS: Final[Mapping[str, Callable[[list[str], int, int], bool]]] = {
    "cell": _cell,
    "group": _group,
    "bin": _bin,
    "entropy": _entropy,
    "class": _class,
    "images": _images,
}
