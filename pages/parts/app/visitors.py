"""Who sits at this browser: told by a signed cookie, or by the identity provider where one is configured."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any, Final

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from kd_core.store import default_home
from kd_core.visitors import Identity, Mode, Visitor, read_mode, read_waiting
from kd_core.vocabulary import ALIVE

KEY: Final = "visitor"
"""The session's key of the visitor's cookie."""
NEW: Final = "visitor_is_new"
"""The session's key of whether the cookie was made in this session, so that the browser may know better."""
SIGNED_IN: Final = "u"
"""How the ids of those begin whom an identity provider vouches for."""


def identity() -> Identity:
    """Return what proves who visitors are on this server."""
    return _identity(default_home(), read_mode(os.environ), os.environ.get("KD_LECTURER", ""))


@cache
def _identity(home: Path, mode: Mode, lecturer: str) -> Identity:
    """One a server; a lecturer's secret that nobody chose is told in its log."""
    made = Identity(home, mode, lecturer)
    if mode == "class" and not lecturer:
        print(f"The lecturer's secret: {made.secret}", flush=True)
    return made


def visitor() -> Visitor:
    """Return who sits at this browser; somebody new gets an identity that the browser keeps."""
    here = identity()
    known = here.read(st.session_state.get(KEY) or st.context.cookies.get(here.cookie_name) or "")
    if sign_in_configured():
        provided = _signed_in()
        if provided is not None and (known is None or known.id != provided.id):
            known = provided
        elif provided is None and known is not None and known.id.startswith(SIGNED_IN):
            known = None  # they have signed out
    if known is None:
        known = here.newcomer()
        st.session_state[NEW] = True
    st.session_state[KEY] = here.cookie(known)
    return known


def in_class() -> bool:
    """Tell whether this server serves a class, whose people see that others are there."""
    return identity().mode == "class"


def must_sign_in() -> bool:
    """Tell whether this visitor has to sign in before they may start anything."""
    return sign_in_configured() and not visitor().id.startswith(SIGNED_IN)


def start_rules() -> dict[str, Any]:
    """Return by what rules this visitor starts studies, as ``jobs.submit`` takes them."""
    if not in_class():
        return {"by": visitor(), "join": ALIVE}
    return {"by": visitor(), "join": ALIVE | {"done"}, "most_waiting": read_waiting(os.environ)}


def cookie_for_browser() -> dict[str, Any]:
    """Return the cookie that the browser is to keep, and whether another one of its own counts more."""
    visitor()
    return {"name": identity().cookie_name, "value": st.session_state[KEY], "new": st.session_state.get(NEW, False)}


def take_browsers_cookie(cookie: str) -> None:
    """Be who the browser says, in a session that began before it could say so: of two tabs opened at once."""
    if st.session_state.pop(NEW, False) and identity().read(cookie) is not None:
        st.session_state[KEY] = cookie


def become_lecturer(secret: str) -> bool:
    """Let this visitor change everybody's studies, if they know the secret; return whether they do."""
    if not identity().is_secret(secret):
        return False
    st.session_state[KEY] = identity().cookie(identity().visitor(visitor().id, lecturer=True))
    st.session_state.pop(NEW, None)
    return True


def be_lecturer_no_longer() -> None:
    """Let this visitor change their own studies only."""
    st.session_state[KEY] = identity().cookie(identity().visitor(visitor().id))


@cache
def sign_in_configured() -> bool:
    """Tell whether ``secrets.toml`` names an identity provider."""
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def _signed_in() -> Visitor | None:
    """Return whom the identity provider vouches for, or None before they sign in."""
    if not st.user.is_logged_in:
        return None
    return identity().signed_in(str(st.user["sub"]), str(st.user.get("iss", "")))
