"""The store as a reader meets it: where it is, how large, and how large it may become."""

from __future__ import annotations

import streamlit as st

from kd_core.visitors import set_limit
from pages.parts.app import store, try_or_tell, visitor
from pages.parts.text import bytes_text, error_text, escape_markdown, t

GIGABYTE = 10**9


def storage_panel() -> None:
    """Show size, limit and location, and what was lost where the database was damaged; the limit can be set."""
    if told := store().recovered():
        st.warning(escape_markdown(error_text(told)))
    used, limit = store().used(), store().limit
    with st.popover(t("compare.storage", used=bytes_text(used), limit=bytes_text(limit)), key="store_facts"):
        st.progress(
            min(1.0, used / max(1, limit)), text=t("compare.storage", used=bytes_text(used), limit=bytes_text(limit))
        )
        st.caption(t("compare.storage_where"))
        st.code(str(store().home), language=None, wrap_lines=True)
        st.session_state["store_limit"] = limit / GIGABYTE
        st.number_input(
            t("compare.storage_limit"),
            0.1,
            100_000.0,
            step=1.0,
            format="%.1f",
            key="store_limit",
            on_change=_set_limit,
            disabled=not visitor().oversees,
        )
        st.caption(t("compare.storage_limit_help"))


def _set_limit() -> None:
    wanted = round(float(st.session_state["store_limit"]) * GIGABYTE)
    try_or_tell(lambda: set_limit(store(), wanted, visitor()))
