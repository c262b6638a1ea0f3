"""Setting values as text, and text read back as values."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

MOST_LAYERS: Final = 20


def parse_value(text: str) -> Any:
    """Read a setting's value from text: JSON where it is JSON, ``none`` or nothing for None, else the text itself."""
    if text.lower() in ("none", "null", ""):
        return None
    try:
        value = json.loads(text.lower() if text.lower() in ("true", "false") else text)
        json.dumps(value, ensure_ascii=False).encode()  # half a character, written as "\\ud800", is no text
    except (ValueError, RecursionError):
        return text
    return text if _deep(value) else value


def _deep(value: Any) -> bool:
    """Tell whether JSON lies in more layers than any setting has."""
    layer = [value]
    for _ in range(MOST_LAYERS):
        layer = [inner for part in layer if isinstance(part, dict | list) for inner in _inside(part)]
    return bool(layer)


def _inside(part: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return part.values() if isinstance(part, dict) else part


def format_value(value: Any) -> str:
    """Write a setting's value as text that ``parse_value`` reads back."""
    return value if isinstance(value, str) and parse_value(value) == value else json.dumps(value, ensure_ascii=False)
