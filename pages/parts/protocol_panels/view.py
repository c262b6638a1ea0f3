"""The panel below a race that shows what its protocol tells, found by the protocol's name."""

from __future__ import annotations

import importlib
import importlib.util

import streamlit as st

from pages.parts.form import is_other
from pages.parts.protocol_panels.base import Panel
from pages.parts.text import t


def protocol_view(panel: Panel) -> None:
    """Show what a race's protocol tells, where it is another one than one fixed teacher and has a panel."""
    name = panel.protocol["name"]
    module = f"{__package__}.{name}"
    if not is_other(panel.protocol) or importlib.util.find_spec(module) is None:
        return
    with st.container(key="protocol_view"):
        st.header(t(f"protocol_view.title_{name}"), anchor="protocol")
        importlib.import_module(module).panel(panel)
