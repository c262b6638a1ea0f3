"""The frame around every page: language, and what of a link could not be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.app import link
from pages.parts.app.visitor_menu import visitor_menu
from pages.parts.app.visitors import cookie_for_browser, take_browsers_cookie
from pages.parts.charts import script, style
from pages.parts.text import LANGUAGES, browser_language, language, t

_document = st.components.v2.component("kd_document", js=script("page/document"))


def head(question: str, groups: Mapping[str, Sequence[str]]) -> DeltaGenerator:
    """Draw question and languages above every page; return the place where refused parts of the link are told.

    Args:
        question: that the page answers.
        groups: of the navigation, by key, with the pages in each.
    """
    st.html(f"<style>{style('page/frame')}{_group_names(groups)}</style>")
    left, right = st.columns([5, 1], vertical_alignment="center")
    with left:
        st.title(question, anchor=False)
    with right:
        # Not bound to the address by Streamlit, which writes a choice there by its label, and drops "zh".
        st.session_state["language"] = language()
        st.segmented_control(
            t("app.language"),
            list(LANGUAGES),
            format_func=LANGUAGES.__getitem__,
            key="language",
            label_visibility="collapsed",
            required=True,
            on_change=_speak,
        )
        visitor_menu()
    _document(
        data={"language": language(), "svg": t("downloads.svg"), "visitor": cookie_for_browser()},
        key="document",
        on_visitor_change=_know_visitor,
    )
    return st.container(key="link_refused")


def _group_names(groups: Mapping[str, Sequence[str]]) -> str:
    """Return the style that names each group in front of its first page.

    Streamlit's own groups are menus, which take a second click, or a third on a phone.
    """
    rules, position = [], 1
    for group, names in groups.items():
        name = t(f"nav_group.{group}").replace("\\", "").replace('"', "")
        first = f":nth-child({position})::before"
        rules.append(f'[data-testid="stTopNav"] > .rc-overflow-item{first}, ')
        rules.append(f'[data-testid="stSidebarNavItems"] > li{first} {{ content: "{name}"; }}')
        position += len(names)
    return "".join(rules)


def _know_visitor() -> None:
    """Be who the browser says sits there."""
    told = st.session_state["document"].get("visitor")
    if isinstance(told, str):
        take_browsers_cookie(told)


def form_and_picture() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return where a page's form and its picture go: side by side, and on a phone the picture first."""
    with st.container(key="form_and_picture"):
        left, right = st.columns([1, 2.7], gap="medium")
    return left, right


def foot(told_here: DeltaGenerator) -> None:
    """Tell, above the page, which parts of the link could not be used: only now is it known."""
    with told_here:
        link.show_refused()


def _speak() -> None:
    """Keep the chosen language in the link; the browser's own is left out of it."""
    chosen = st.session_state["language"]
    link.put(language=None if chosen == browser_language() else chosen)
