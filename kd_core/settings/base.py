"""Settings: frozen, self-describing values from which forms, command line, storage and errors are derived."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)
from pydantic.fields import FieldInfo

from kd_core.errors import InvalidSetting, Reason
from kd_core.settings.paths import json_differences, json_leaves, put_at_path
from kd_core.settings.refusal import broken_value, invalid_setting


class Settings(BaseModel):
    """Frozen values that know their range, their words and their unit."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    def with_tensors(self, **values: Any) -> Self:
        """Return a copy with ``values`` put in unchecked, so that a tensor (one value a lane) stays a tensor.

        For the training loop only: the copy is never stored or hashed.
        """
        return self.model_copy(update=values)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; ``type(self).from_json(settings.to_json()) == settings``."""
        return self.model_dump(mode="json")

    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that are equal exactly when the settings are equal."""
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build from plain values.

        Raises:
            InvalidSetting: with the path, the value and the reason of the first thing that is wrong.
        """
        return cls._checked(values, asked={"(everything)": dict(values)})

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Return a checked copy with dotted paths replaced, e.g. ``{"method.temperature": 8, "optim.epochs": 30}``.

        Raises:
            InvalidSetting: a path that does not exist, or a value out of range.
        """
        values = self.to_json()
        for path, value in changes.items():
            put_at_path(values, path, value)
        return self._checked(values, asked=changes)

    @classmethod
    def _checked(cls, values: Mapping[str, Any], asked: Mapping[str, Any]) -> Self:
        for path, value in json_leaves(values):
            if isinstance(value, str) and "\0" in value:
                reason = Reason("nul", "it holds a character that ends a text.")
                raise InvalidSetting(path=path, value=repr(value)[:60], reason=reason)
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise invalid_setting(error, values, cls) from error
        except (OSError, RuntimeError, UnicodeError) as error:
            # A member's own check broke at a text from outside, such as a path that no system takes.
            raise broken_value(asked, error) from error

    def differences(self, other: Settings) -> dict[str, Any]:
        """Return by dotted path what must be changed in ``other`` to get this."""
        return dict(json_differences(self.to_json(), other.to_json()))


class ExtensibleSettings(Settings):
    """Settings to which some were added after results had been stored under their fingerprints.

    At its default such a setting is left out of the JSON, so that a recipe of then is still the same recipe.
    """

    added_later: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _without_added_defaults(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = written(self)
        for name in self.added_later:
            if getattr(self, name) == type(self).model_fields[name].default:
                values.pop(name, None)
        return values


def setting(
    default: Any,
    *,
    title: str,
    description: str = "",
    unit: str = "",
    lane: bool = False,
    scale: Literal["linear", "log"] = "linear",
    log_from: float | None = None,
    **limits: Any,
) -> Any:
    """Declare one setting: its default, its words and its range.

    Args:
        default: the value where none is given; ``...`` if one must be given.
        title: two or three words for a form.
        description: a sentence for a tooltip and the methods page.
        unit: what the number counts, e.g. "images" or "%".
        lane: whether the value may be scheduled, and may differ between lanes of one loop.
        scale: how a slider moves.
        log_from: where a logarithmic slider begins whose range begins at 0.
        limits: ``ge``, ``gt``, ``le``, ``lt``, ``min_length``, ... as pydantic takes them.
    """
    extra: dict[str, Any] = {"unit": unit, "lane": lane, "scale": scale}
    return Field(
        default,
        title=title,
        description=description,
        json_schema_extra=extra if log_from is None else {**extra, "log_from": log_from},
        **limits,
    )


def name_of(member: Settings) -> str:
    """Return the name of a method, dataset, network, protocol or schedule."""
    return str(type(member).model_fields["name"].default)


@functools.cache
def lane_fields(kind: type[Settings]) -> frozenset[str]:
    """Return the names of the settings that may be scheduled or differ between lanes."""
    return frozenset(name for name, info in kind.model_fields.items() if field_extra(info).get("lane"))


def field_extra(info: FieldInfo) -> dict[str, Any]:
    """Return what ``setting`` kept of a field beside pydantic's own knowledge: unit, lane, scale."""
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
