"""Dotted paths into settings and into their JSON: what stands at one, what is put there, what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kd_core.errors import InvalidSetting, Reason, nearest_hint

if TYPE_CHECKING:
    from kd_core.settings.base import Settings


def at_path(settings: Settings, path: str) -> Any:
    """Return the part of some settings at a dotted path, e.g. ``"teacher.optim.lr"``.

    Raises:
        AttributeError: there is no such part.
    """
    part: Any = settings
    for name in path.split("."):
        part = getattr(part, name)
    return part


def json_at_path(values: Mapping[str, Any], path: str) -> Any:
    """Return what stands at a dotted path of settings' JSON, or None; ``width`` is the first of a network's widths."""
    part: Any = values
    for name in path.split("."):
        part = part.get(name) if isinstance(part, Mapping) else None
    if part is None and path.endswith(".width"):
        widths = json_at_path(values, f"{path}s")
        return widths[0] if widths else None
    return part


def put_at_path(values: dict[str, Any], path: str, value: Any) -> None:
    """Replace what stands at a dotted path of settings' JSON; a bare name on the way is read as a member.

    Raises:
        InvalidSetting: nothing that could hold it stands there.
    """
    *parents, leaf = path.split(".")
    part: Any = values
    above = ""
    for name in parents:
        if isinstance(part.get(name), str):
            part[name] = member_from_name(part[name])
        if not isinstance(part.get(name), dict):
            hint = nearest_hint(name, [one for one in part if one != name], above)
            reason = Reason("no_setting_there", "there is no such setting.{hint}", hint=hint)
            raise InvalidSetting(path=path, value=value, reason=reason)
        part, above = part[name], f"{above}{name}."
    part[leaf] = value


def json_differences(values: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield by dotted path what must be put into ``other`` to get ``values``; another member is put there whole."""
    both_parts = isinstance(values, dict) and isinstance(other, dict)
    if not both_parts or values.get("name") != other.get("name"):
        if values != other:
            yield path, values
        return
    for name in sorted(values.keys() | other.keys()):
        yield from json_differences(values.get(name), other.get(name), f"{path}.{name}" if path else name)


def json_leaves(values: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of nested JSON by its dotted path; lists, and parts with nothing inside, are values."""
    if isinstance(values, dict) and values:
        for name, inner in values.items():
            yield from json_leaves(inner, f"{path}.{name}" if path else name)
    else:
        yield path, values


def member_from_name(value: Any) -> Any:
    """Let a bare name stand for a member with its own defaults; for a ``BeforeValidator``."""
    return {"name": value} if isinstance(value, str) else value
