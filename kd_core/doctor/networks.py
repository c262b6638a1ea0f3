"""Other sizes of a network, as changes of its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

SIZES: Final = ("widths", "channels", "fc")
"""The settings of networks that are as wide as one likes; a network without them has one size."""
WIDEST: Final = 4096


def resized(network: Mapping[str, Any], factor: float, path: str) -> dict[str, Any]:
    """Return the changes, by path, that make every layer of a network wider or narrower; none where it has one size.

    Args:
        network: its settings as JSON.
        factor: times as wide.
        path: where the network stands in the recipe, e.g. "student".
    """
    return {f"{path}.{name}": _times(network[name], factor) for name in SIZES if network.get(name)}


def _times(value: Any, factor: float) -> Any:
    if isinstance(value, list | tuple):
        return [_times(inner, factor) for inner in value]
    return max(1, min(WIDEST, round(value * factor)))
