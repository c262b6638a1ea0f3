"""Drawings as SVG text, for files that open without a browser component, a script or a font of ours.

Plotly makes SVG only inside a browser (kaleido starts one), and its JavaScript alone would add 4 MB to a file; these
few marks need some hundred bytes each. Letters and grid have the colour of the text around them, so that a drawing is
read on light and on dark.
"""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Sequence

FONT = 12
WIDE_LETTER, LETTER = 1.0, 0.56
"""About how wide letters are, in font sizes: Chinese ones, and Latin ones on average."""


def attributes(values: dict[str, object]) -> str:
    """Return attributes as they stand in a tag; ``_`` in a name is a hyphen."""
    return "".join(f' {name.replace("_", "-")}="{_value(value)}"' for name, value in values.items())


def mark(tag: str, *children: str, **values: object) -> str:
    """Return one element."""
    return f"<{tag}{attributes(values)}>{''.join(children)}</{tag}>" if children else f"<{tag}{attributes(values)}/>"


def letters(text: str, x: float, y: float, anchor: str = "start", **values: object) -> str:
    """Return a text, whatever it says."""
    return mark("text", html.escape(text), x=x, y=y, text_anchor=anchor, **values)


def drawing(width: float, height: float, parts: Sequence[str], title: str) -> str:
    """Return a whole drawing that grows with the column it stands in, with a text for those who do not see it."""
    return mark(
        "svg",
        mark("title", html.escape(title)),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        font_size=FONT,
        fill="currentColor",
    )


def width_of(text: str, size: float = FONT) -> float:
    """Return about how wide a text is, in pixels."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return size * (WIDE_LETTER * wide + LETTER * (len(text) - wide))


def path(points: Sequence[tuple[float, float]]) -> str:
    """Return a line through points; where a number is missing there is a gap."""
    text, move = "", True
    for x, y in points:
        if math.isfinite(x) and math.isfinite(y):
            text += f"{'M' if move else 'L'}{_value(x)} {_value(y)}"
        move = not (math.isfinite(x) and math.isfinite(y))
    return text


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return html.escape(str(value), quote=True)
