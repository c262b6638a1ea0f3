"""The textbook of methods, networks, datasets and schedules, written by their own declarations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import pandas as pd
import streamlit as st

from kd_core.settings import Settings
from pages.parts import form, member_words
from pages.parts.texts import t

COLUMNS = ("setting", "default", "range", "meaning", "name")


def contents() -> None:
    """Link to every method on the page."""
    from kd_core.methods import METHODS

    links = (f"[{member_words.title('methods', member)}](#{name})" for name, member in METHODS.items())
    st.markdown(" · ".join(links))


def symbols() -> None:
    """Say what the formulas' letters stand for."""
    with st.expander(t("methods_page.symbols"), key="method_symbols"):
        st.markdown(t("methods_page.symbols_text"))


def methods() -> None:
    """Show every method: what it does, its formula and source, its settings, and a button to try it."""
    from kd_core.methods import METHODS

    for name, member in METHODS.items():
        st.header(member_words.title("methods", member), anchor=name, divider="gray")
        words, numbers = st.columns([3, 2], gap="large")
        with words:
            st.markdown(f"**{member_words.summary('methods', member)}**")
            st.latex(member.formula)
            st.markdown(member_words.text("methods", member))
            st.caption(t("methods_page.source", source=member.source))
        with numbers:
            _settings("methods", member, t("methods_page.no_settings"))
            _try(name, member_words.title("methods", member))


def members(section: str) -> None:
    """Show the networks, datasets or schedules in short."""
    for name, member in _members(section).items():
        title, summary = member_words.title(section, member), member_words.summary(section, member)
        with st.expander(f"**{title}** · {summary}", key=f"{section}_{name}"):
            st.markdown(member_words.text(section, member))
            _settings(section, member, t("methods_page.no_settings"))


def _members(section: str) -> Mapping[str, type[Settings]]:
    from kd_core.datasets import DATASETS
    from kd_core.networks import NETWORKS
    from kd_core.schedules import AnySchedule

    schedules = {member_words.name(one): one for one in get_args(get_args(AnySchedule)[0])}
    known: dict[str, Mapping[str, type[Settings]]] = {
        "networks": NETWORKS,
        "datasets": DATASETS,
        "schedules": schedules,
    }
    return known[section]


def _settings(section: str, member: type[Settings], none: str) -> None:
    rows = member_words.setting_rows(section, member)
    if not rows:
        st.caption(none)
        return
    table = pd.DataFrame(rows, columns=list(COLUMNS)).set_index("setting")
    table.columns = [t(f"methods_page.{name}") for name in COLUMNS[1:]]
    table.index.name = t("methods_page.setting")
    st.table(table.map(_plain))


def _try(name: str, title: str) -> None:
    from kd_core.methods.labels_only import LabelsOnly

    if name == member_words.name(LabelsOnly):
        st.caption(t("methods_page.in_every_race"))
    elif st.button(t("methods_page.try"), key=f"method_try_{name}", help=t("methods_page.try_help", method=title)):
        form.change("method", name)
        st.switch_page("pages/race.py")


def _plain(cell: str) -> str:
    return cell.replace("||", "\\|\\|")
