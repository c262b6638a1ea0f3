"""What a race's protocol says for itself, found by its name: the words of the verdict, and a panel below the race."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

import streamlit as st

from kd_core.results import Verdict
from pages.parts.form import is_other
from pages.parts.protocol_panels.base import Panel
from pages.parts.text import t, verdict_text


def protocol_headline(panel: Panel, verdict: Verdict) -> str:
    """Return what a race came to, in an answer to what was asked in it.

    Args:
        panel: the race.
        verdict: distilled minus alone.
    """
    module = _module(panel)
    if module is not None:
        answer: str = module.headline(panel, verdict)
        return answer
    return verdict_text(verdict, "" if panel.recipe["teacher"] else t("protocol_verdict.who_method"))


def alone_was_given(panel: Panel) -> str:
    """Return what the student alone was given, where that is not what goes without saying."""
    if _module(panel) is None:
        return ""
    return t(f"protocol_verdict.alone_{panel.protocol['name']}", labels=panel.labels_of("alone"))


def protocol_view(panel: Panel) -> None:
    """Show what a race's protocol tells, where it is another one than one fixed teacher and has a panel."""
    module = _module(panel)
    if module is None:
        return
    with st.container(key="protocol_view"):
        st.header(t(f"protocol_view.title_{panel.protocol['name']}"), anchor="protocol")
        module.panel(panel)


def _module(panel: Panel) -> ModuleType | None:
    module = f"{__package__}.{panel.protocol['name']}"
    if not is_other(panel.protocol) or importlib.util.find_spec(module) is None:
        return None
    return importlib.import_module(module)
