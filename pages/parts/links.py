"""The link: what a reader sees, as query parameters that are read in one place and survive a change of page."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from kd_core.errors import LinkRefused
from pages.parts.literal import literal

VERSION = "1"
_PLAIN = ("preset", "study", "studies", "sample", "epoch", "T", "axis", "convention")


def begin() -> None:
    """Take the link at a session's start, or put it back after a change of page; call before any widget."""
    if "link" not in st.session_state:
        given = st.query_params.to_dict()
        refused = [
            LinkRefused(part=name, reason=f"'{name}' is not a part of a link.") for name in given if not _known(name)
        ]
        if given.get("v", VERSION) != VERSION:
            refused.append(LinkRefused(part="v", reason=f"it is from version {given['v']}; this is {VERSION}."))
        st.session_state["link"] = {
            name: value for name, value in given.items() if _known(name) and name not in ("v", "language")
        }
        st.session_state["link_refused"] = [(error.fields["part"], error.fields["reason"]) for error in refused]
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
    refuse(name, f"{text!r} is not a number from {low:g} to {high:g}.")
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


def put_settings(changes: dict[str, str]) -> None:
    """Replace all changed settings."""
    gone = dict.fromkeys(settings())
    put(**{**gone, **changes})


def refuse(part: str, reason: str) -> None:
    """Drop a part that cannot be used and remember the sentence for the reader."""
    put(**{part: None})
    error = (part, reason)
    told = st.session_state.setdefault("link_refused", [])
    if error not in told:
        told.append(error)


def show_refused() -> None:
    """Tell which parts of the link were not used, until the reader has seen it once."""
    from pages.parts.texts import t

    for part, reason in st.session_state.pop("link_refused", []):
        st.warning(literal(t("errors.link_refused", part=part, reason=reason)))


def _known(name: str) -> bool:
    return name in (*_PLAIN, "v", "language", "seeds") or _is_setting(name)


def _is_setting(name: str) -> bool:
    return "." in name or name in ("method", "student", "seeds")


def _publish() -> None:
    wanted = {"v": VERSION, **st.session_state["link"]} if st.session_state["link"] else {}
    if "language" in st.query_params:
        wanted["language"] = st.query_params["language"]
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
