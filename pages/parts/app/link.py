"""The link: what a reader sees, as query parameters that are read in one place and survive a change of page."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from kd_core.errors import LinkRefused
from kd_core.settings import parse_value
from kd_core.store import default_home
from pages.parts.text import error_text, escape_markdown, t

VERSION = "1"
TOLD_SECONDS = 20
_PLAIN = (
    "language",
    "preset",
    "teacher_run",
    "seeds",
    "study",
    "studies",
    "techniques",
    "cell",
    "x",
    "y",
    "random",
    "points",
    "sample",
    "epoch",
    "T",
    "axis",
    "convention",
)


def begin() -> None:
    """Take the link at a session's start, or put it back after a change of page; call before any widget."""
    if "link" not in st.session_state:
        given = st.query_params.to_dict()
        st.session_state["link"] = {name: value for name, value in given.items() if name in _PLAIN or _is_setting(name)}
        for name, value in given.items():
            if reason := _reason_against(name, value):
                refuse(name, reason)
    _publish()


def get(name: str, default: str = "") -> str:
    """Return a part of the link."""
    value = st.session_state.get("link", {}).get(name, default)
    return str(value)


def number(name: str, default: float, low: float, high: float) -> float:
    """Return a number of the link, ``inf`` included; one that cannot be used is refused and the default holds."""
    text = get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if low <= value <= high:
        return value
    refuse(name, t("link.no_number", value=text[:40], low=f"{low:g}", high=f"{high:g}"))
    return default


def put(**parts: Any) -> None:
    """Change parts of the link; an empty value or None takes a part out."""
    link = st.session_state.setdefault("link", {})
    for name, value in parts.items():
        if value is None or value == "":
            link.pop(name, None)
        else:
            link[name] = str(value)
    _publish()


def settings() -> dict[str, str]:
    """Return the changed settings by path, as text: every part whose name has a dot, or chooses a member."""
    return {name: value for name, value in st.session_state.get("link", {}).items() if _is_setting(name)}


def settings_outside(paths: Iterable[str]) -> dict[str, str]:
    """Return the changed settings that are neither one of these paths nor below one."""
    taken = tuple(f"{path}." for path in paths)
    return {at: text for at, text in settings().items() if not f"{at}.".startswith(taken)}


def put_settings(changes: dict[str, str]) -> None:
    """Replace all changed settings."""
    gone = dict.fromkeys(settings())
    put(**{**gone, **changes})


def refuse(part: str, reason: str) -> None:
    """Drop a part that cannot be used and remember the sentence for the reader."""
    put(**{part: None})
    refused = st.session_state.setdefault("link_refused", {})
    refused.setdefault((part, reason), time.time())


def show_refused() -> None:
    """Tell which parts of the link were not used, for as long as a reader needs to read it."""
    for (part, reason), since in st.session_state.get("link_refused", {}).items():
        if time.time() - since < TOLD_SECONDS:
            st.warning(escape_markdown(error_text(LinkRefused(part=part, reason=reason))))


def _reason_against(name: str, value: str) -> str:
    """Return why a part of a link that comes from outside is not taken, or nothing."""
    if name == "v":
        return "" if value == VERSION else t("link.other_version", version=value[:40], this=VERSION)
    if name not in _PLAIN and not _is_setting(name):
        return t("link.unknown_part", part=name[:40])
    if _is_setting(name) and leaves_uploads({name: parse_value(value)}):
        return t("link.foreign_folder")
    return ""


def leaves_uploads(changes: Mapping[str, Any]) -> bool:
    """Tell whether settings name a folder that was not uploaded here: no link must choose what a server reads.

    Args:
        changes: values by path.
    """
    uploads = (default_home() / "uploads").resolve()
    named = [
        path
        for at, value in changes.items()
        for path in ([str(value)] if at.split(".")[-1] == "path" and value else _paths_in(value))
    ]
    return any(not Path(path).expanduser().resolve().is_relative_to(uploads) for path in named)


def _paths_in(value: Any) -> list[str]:
    if not isinstance(value, dict):
        return []
    inside = [path for inner in value.values() for path in _paths_in(inner)]
    return inside + ([str(value["path"])] if "path" in value else [])


def _is_setting(name: str) -> bool:
    return "." in name or name in ("method", "protocol", "student", "others", "data", "teacher", "optim", "start")


def _publish() -> None:
    wanted = {"v": VERSION, **st.session_state["link"]} if st.session_state["link"] else {}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
