"""Dotted paths into settings: what stands at one."""

from __future__ import annotations

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
