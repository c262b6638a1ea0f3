"""What a declared setting is: its kind by its type, and the limits of a number."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from kd_core.settings.base import Settings

FieldKind = Literal["bool", "choice", "int", "float", "numbers", "member", "text"]


def field_kind(annotation: Any) -> FieldKind:
    """Return what kind of value a declared type holds; whether it may be empty makes no difference."""
    possible = [kind for kind in _alternatives(annotation) if kind is not type(None)]
    if all(isinstance(kind, type) and issubclass(kind, Settings) for kind in possible):
        return "member"
    kind = possible[0]
    if get_origin(kind) is Literal:
        return "choice"
    if get_origin(kind) is tuple:
        return "numbers"
    plain: dict[Any, FieldKind] = {bool: "bool", int: "int", float: "float"}
    return plain.get(kind, "text")


class Limits(NamedTuple):
    """The smallest and the largest value of a number, as far as they are declared, and whether they are left out."""

    low: float | None
    high: float | None
    low_excluded: bool = False
    high_excluded: bool = False


def limits_of(info: FieldInfo) -> Limits:
    """Return the limits that a number's declaration sets."""
    declared = {
        kind: float(value)
        for limit in info.metadata
        for kind in ("gt", "ge", "lt", "le")
        if (value := getattr(limit, kind, None)) is not None
    }
    low, high = declared.get("ge", declared.get("gt")), declared.get("le", declared.get("lt"))
    return Limits(low, high, "gt" in declared, "lt" in declared)


def _alternatives(annotation: Any) -> list[Any]:
    """Return the types of which a value may be any."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _alternatives(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [kind for part in get_args(annotation) for kind in _alternatives(part)]
    return [annotation]
