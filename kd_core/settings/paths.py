"""Dotted paths into settings and into their JSON: what stands at one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
