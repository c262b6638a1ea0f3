"""The menu of whoever sits here: signing in and out, and the lecturer's secret."""

from __future__ import annotations

import streamlit as st

from pages.parts.app.errors import refuse, show_refused
from pages.parts.app.visitors import (
    be_lecturer_no_longer,
    become_lecturer,
    in_class,
    must_sign_in,
    sign_in_configured,
    visitor,
)
from pages.parts.text import escape_markdown, t


def visitor_menu() -> None:
    """Draw the menu on a server for a class, or where people can sign in; a person alone sees nothing of it."""
    if not in_class() and not sign_in_configured():
        return
    here = visitor()
    title = t("visitor.lecturer" if here.oversees and in_class() else "visitor.you", id=here.id[:4])
    with st.popover(title, key="visitor_menu", width="stretch"):
        if sign_in_configured() and must_sign_in():
            st.button(t("visitor.sign_in"), key="sign_in", on_click=st.login)
        elif sign_in_configured():
            name = str(st.user.get("email") or st.user.get("name") or here.id[:4])
            st.caption(escape_markdown(t("visitor.signed_in", name=name)))
            st.button(t("visitor.sign_out"), key="sign_out", on_click=st.logout)
        if in_class() and here.oversees:
            st.caption(t("visitor.lecturer_help"))
            st.button(t("visitor.no_lecturer"), key="lecturer_leave", on_click=be_lecturer_no_longer)
        elif in_class():
            st.caption(t("visitor.you_help"))
            st.text_input(t("visitor.secret"), type="password", key="lecturer_secret", on_change=_try_secret)
            show_refused()


def _try_secret() -> None:
    secret, st.session_state["lecturer_secret"] = st.session_state["lecturer_secret"], ""  # it stays in no widget
    if secret and not become_lecturer(secret):
        refuse(t("visitor.wrong_secret"))
