"""Attempts: what a person asked for and the engine may refuse, told in a sentence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import streamlit as st

from kd_core.errors import KDError
from pages.parts.text import error_text, escape_markdown

REFUSED: Final = "attempt_refused"
"""The session's key of the last attempt that was refused: its sentence, and when."""
TOLD_SECONDS: Final = 20.0
"""For so long a reader is told what was refused."""


@contextmanager
def error_boundary() -> Iterator[None]:
    """Show the sentence of what the engine refuses inside the block; anything else is a bug and shows its trace."""
    try:
        yield
    except KDError as error:
        st.error(escape_markdown(error_text(error)))


def try_or_tell(action: Callable[[], object]) -> None:
    """Do it, or remember the sentence why not."""
    st.session_state.pop(REFUSED, None)
    try:
        action()
    except KDError as error:
        refuse(error_text(error))


def refuse(sentence: str) -> None:
    """Remember why the last attempt was refused: whatever draws the page anew, a reader has the time to read it."""
    st.session_state[REFUSED] = (sentence, time.time())


def show_refused() -> None:
    """Show why the last attempt was refused, for as long as a reader needs to read it."""
    sentence, since = st.session_state.get(REFUSED, ("", 0.0))
    if time.time() - since < TOLD_SECONDS:
        st.error(escape_markdown(sentence))
