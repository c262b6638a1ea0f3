"""Refusal: what a setting's value may not be, as pydantic found it, with a code, a path and the nearest known name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

from kd_core.errors import InvalidSetting, Reason, nearest_hint

TEMPLATES: Final[Mapping[str, str]] = {
    "greater_than": "Input should be greater than {gt}.",
    "greater_than_equal": "Input should be greater than or equal to {ge}.",
    "less_than": "Input should be less than {lt}.",
    "less_than_equal": "Input should be less than or equal to {le}.",
    "finite_number": "Input should be a finite number.",
    "int_type": "Input should be a whole number.",
    "int_parsing": "Input should be a whole number.",
    "int_parsing_size": "Input should be a whole number of fewer digits.",
    "int_from_float": "Input should be a whole number.",
    "float_type": "Input should be a number.",
    "float_parsing": "Input should be a number.",
    "bool_type": "Input should be true or false.",
    "bool_parsing": "Input should be true or false.",
    "string_type": "Input should be text.",
    "string_unicode": "Input has characters that are not text.",
    "string_too_short": "Input should have at least {min_length} characters.",
    "string_too_long": "Input should have at most {max_length} characters.",
    "literal_error": "Input should be one of {expected}.",
    "missing": "It must be given.",
    "union_tag_not_found": "Input should say its name.",
    "tuple_type": "Input should be a list.",
    "list_type": "Input should be a list.",
    "dict_type": "Input should have names and values.",
    "model_type": "Input should be a name, or a name with its settings.",
    "model_attributes_type": "Input should be a name, or a name with its settings.",
    "too_short": "Input should have at least {min_length} entries.",
    "too_long": "Input should have at most {max_length} entries.",
}
"""What pydantic finds, by its own names; the Chinese words are the catalogue's ``reasons.setting_<name>``."""


def invalid_setting(error: ValidationError, values: Mapping[str, Any], kind: type[BaseModel]) -> InvalidSetting:
    """Return the sentence on the first thing that is wrong.

    Args:
        error: what pydantic found.
        values: what it looked at.
        kind: what they should have been.
    """
    first = error.errors()[0]
    path = _path(first["loc"], values)
    return InvalidSetting(path=path, value=_short(first["input"]), reason=_reason(first, kind, path))


def broken_value(asked: Mapping[str, Any], error: Exception) -> InvalidSetting:
    """Return the sentence on values, by path, at one of which a check itself broke."""
    said = " ".join(f"{type(error).__name__} {error}".split())[:100]
    reason = Reason("setting_broken", "it cannot be looked at ({said}).", said=said)
    *_, path = asked  # what follows from a change by itself stands before it
    return InvalidSetting(path=path, value=_short(asked[path]), reason=reason)


def _reason(found: Mapping[str, Any], kind: type[BaseModel], path: str) -> Reason:
    name, told = str(found["type"]), {key: _plain(value) for key, value in found.get("ctx", {}).items()}
    own = found.get("ctx", {}).get("error")
    if own is not None and own.args and isinstance(own.args[0], Reason):
        return own.args[0]
    if name == "extra_forbidden":
        known, asked = _fields_beside(kind, found["loc"]), str(found["loc"][-1])
        above = path.removesuffix(asked)
        template = "there is no such setting.{hint} Known: {known}."
        return Reason("no_setting", template, hint=nearest_hint(asked, known, above), known=", ".join(known))
    if name == "union_tag_invalid":
        known = [tag.strip().strip("'") for tag in told["expected_tags"].split(",")]
        hint = nearest_hint(told["tag"], known)
        template = "there is none of that name.{hint} Known: {known}."
        return Reason("no_member", template, hint=hint, known=", ".join(known))
    if name in TEMPLATES:
        return Reason(f"setting_{name}", TEMPLATES[name], **told)
    said = str(found["msg"]).removeprefix("Value error, ").rstrip(".")
    return Reason("setting_other", "{said}.", said=said)


def _plain(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace(" or ", ", ")


def _fields_beside(kind: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Return the settings that stand where an unknown one was given; members are told apart by the tag in between."""
    kinds = [kind]
    for part in location[:-1]:
        inside = [info for one in kinds if (info := one.model_fields.get(str(part))) is not None]
        tagged = [one for one in kinds if "name" in one.model_fields and one.model_fields["name"].default == part]
        kinds = [one for info in inside for one in _models_in(info.annotation)] if inside else tagged or kinds
    return sorted({name for one in kinds for name in one.model_fields if name != "name"})


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _path(location: tuple[int | str, ...], values: Mapping[str, Any]) -> str:
    """Write a location as a path; the tag that pydantic adds for a chosen member is not part of it."""
    parts: list[str] = []
    at: Any = values
    for part in location:
        if isinstance(at, Mapping) and part not in at and part == at.get("name"):
            continue
        parts.append(str(part))
        at = at.get(part) if isinstance(at, Mapping) else _item(at, part)
    return ".".join(parts) or "(everything)"


def _item(values: Any, index: int | str) -> Any:
    within = isinstance(values, Sequence) and isinstance(index, int) and index < len(values)
    return values[index] if within else None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
