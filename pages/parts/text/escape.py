"""Somebody else's words, such as class names, as they are: never read as Markdown or as markup of a chart."""

from __future__ import annotations

import html
import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|$<>~&])")
# Emoji and icon codes (:smile:, :material/...:) are replaced after Markdown's own escapes are gone.
_COLON = ":\N{WORD JOINER}"


def escape_markdown(text: str) -> str:
    """Return text that Streamlit's Markdown shows letter by letter."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split())).replace(":", _COLON)


def escape_html(text: str) -> str:
    """Return text that Plotly shows letter by letter: it reads tags and links in every label."""
    return html.escape(" ".join(str(text).split()), quote=False)
