"""Starting a study from a form: how long it will take, and putting it into the queue and the link."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from kd_core import jobs
from kd_core.errors import KDError
from pages.parts.app import data_root, link, store
from pages.parts.text import error_text, escape_markdown, seconds_text, t

if TYPE_CHECKING:
    from kd_core.recipe import Study


def about_text(seconds: float) -> str:
    """Return how long a study of many networks will take about, or that all of them are stored."""
    if seconds < 0.05:
        return t("race.reused")
    told = t("time.seconds", n=max(1, round(seconds))) if seconds < 90 else seconds_text(seconds)
    return t("race.about", seconds=told)


def start_study(make: Callable[[], Study], fresh: bool, choices: Sequence[str] = ("device", "precision")) -> None:
    """Queue a study and look at it, or say why it cannot be.

    Args:
        make: builds the study; what it refuses is told.
        fresh: whether its students are trained even if the store has them.
        choices: what of the session decides how it is carried out.
    """
    how = {name: st.session_state.get(name, "auto") for name in choices}
    try:
        made = jobs.submit(store(), make(), data_root=data_root(), fresh=fresh, **how)
    except KDError as error:
        st.error(escape_markdown(error_text(error)))
        return
    link.put(study=made, cell=None, epoch=None)
    st.rerun()
