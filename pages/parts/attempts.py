"""Attempts: what a person asked for and the engine may refuse, told on the next run of the page."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from kd_core.errors import KDError
from pages.parts.texts import error_text


def attempt(action: Callable[[], object]) -> None:
    """Do it, or remember the sentence why not."""
    try:
        action()
    except KDError as error:
        st.session_state["attempt_refused"] = error_text(error)


def show_refused() -> None:
    """Show why the last attempt was refused, once."""
    if sentence := st.session_state.pop("attempt_refused", ""):
        st.error(sentence)
