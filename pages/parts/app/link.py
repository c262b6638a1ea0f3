"""The link: what a reader sees, as query parameters that are read in one place and survive a change of page."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from kd_core.errors import LinkRefused
from pages.parts.app import link_checks
from pages.parts.app.errors import TOLD_SECONDS
from pages.parts.text import error_text, escape_markdown, t

VERSION = "1"
TOLD_PARTS = 3


def begin() -> None:
    """Take the link at a session's start, or put it back after a change of page; call before any widget."""
    if "link" not in st.session_state:
        st.session_state["link"] = {}  # before any check: whatever one of them meets, there is a link
        _take(st.query_params.to_dict())
    _publish()


def _take(given: Mapping[str, str]) -> None:
    """Keep the parts that can be used; tell of the others in one sentence for each reason."""
    unknown = [name for name in given if name != "v" and not link_checks.is_known(name)]
    if unknown:
        refuse(_named(unknown), link_checks.unknown_reason(unknown))
    if (version := given.get("v", VERSION)) != VERSION:
        refuse("v", t("link.other_version", version=link_checks.shortened(version), this=VERSION))
    known = {name: value for name, value in given.items() if name != "v" and name not in unknown}
    many = [name for name in known if link_checks.is_setting(name)][link_checks.MOST_SETTINGS :]
    if many:
        refuse(_named(many), t("link.too_many", n=len(many), most=link_checks.MOST_SETTINGS))
    for name, value in known.items():
        if reason := "" if name in many else link_checks.reason_against(name, value):
            refuse(name, reason)
        elif name not in many:
            st.session_state["link"][name] = value


def _named(parts: Sequence[str]) -> str:
    """Return the first few of some parts, shortened, for a sentence about them all."""
    shown = ", ".join(link_checks.shortened(part) for part in parts[:TOLD_PARTS])
    return shown if len(parts) <= TOLD_PARTS else f"{shown}, …"


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
    refuse(name, t("link.no_number", value=link_checks.shortened(text), low=f"{low:g}", high=f"{high:g}"))
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
    link = st.session_state.get("link", {})
    return {name: value for name, value in link.items() if link_checks.is_setting(name)}


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
    """Tell which parts of the link were not used, for as long as a reader needs to read it: many in one sentence."""
    refused = st.session_state.get("link_refused", {})
    told = [one for one, since in refused.items() if time.time() - since < TOLD_SECONDS]
    if len(told) <= TOLD_PARTS:
        for part, reason in told:
            st.warning(escape_markdown(error_text(LinkRefused(part=part, reason=reason))))
        return
    first = t("link.between").join(
        t("link.one_refused", part=part, reason=reason.rstrip(".。")) for part, reason in told[:TOLD_PARTS]
    )
    st.warning(escape_markdown(t("link.many_refused", n=len(told), first=first, rest=len(told) - TOLD_PARTS)))


def _publish() -> None:
    wanted = {"v": VERSION, **st.session_state["link"]} if st.session_state["link"] else {}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
