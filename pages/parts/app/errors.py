"""Attempts: what a person asked for and the engine may refuse, told in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from kd_core.errors import KDError
from pages.parts.text import error_text, escape_markdown


@contextmanager
def error_boundary() -> Iterator[None]:
    """Show the sentence of what the engine refuses inside the block; anything else is a bug and shows its trace."""
    try:
        yield
    except KDError as error:
        st.error(escape_markdown(error_text(error)))


def try_or_tell(action: Callable[[], object]) -> None:
    """Do it, or remember the sentence why not."""
    try:
        action()
    except KDError as error:
        st.session_state["attempt_refused"] = error_text(error)


def show_refused() -> None:
    """Show why the last attempt was refused, once."""
    if sentence := st.session_state.pop("attempt_refused", ""):
        st.error(sentence)
