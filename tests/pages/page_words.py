"""What a page says, as a reader sees it."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def said(page: AppTest, kind: str) -> str:
    return " ".join(element.value.replace("\\", "").replace("\N{WORD JOINER}", "") for element in page.get(kind))
