"""Setting values as text, and text read back as values."""

from __future__ import annotations

import json
from typing import Any


def parse_value(text: str) -> Any:
    """Read a setting's value from text: JSON where it is JSON, ``none`` or nothing for None, else the text itself."""
    if text.lower() in ("none", "null", ""):
        return None
    try:
        return json.loads(text.lower() if text.lower() in ("true", "false") else text)
    except ValueError:
        return text


def format_value(value: Any) -> str:
    """Write a setting's value as text that ``parse_value`` reads back."""
    return value if isinstance(value, str) and parse_value(value) == value else json.dumps(value, ensure_ascii=False)
