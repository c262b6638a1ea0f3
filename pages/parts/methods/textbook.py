"""The textbook of methods, networks, datasets and schedules, written by their own declarations."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import streamlit as st

from kd_core.settings import Settings
from pages.parts.form import is_other, state, try_protocol
from pages.parts.text import declared_text, escape_markdown, language, member_text, t

if TYPE_CHECKING:
    from kd_core.methods import Method
    from kd_core.protocols import Protocol

MOST_TOLD = 200
COLUMNS = ("setting", "default", "range", "meaning")


def contents() -> None:
    """Link to every method on the page, and to every protocol."""
    for section, kinds in (("methods", _methods()), ("protocols", _protocols())):
        links = (f"[{member_text.title(section, member)}](#{name})" for name, member in kinds.items())
        lead = "" if section == "methods" else f"**{t('methods_page.protocols')}:** "
        st.markdown(lead + " · ".join(links))


def symbols() -> None:
    """Say what the formulas' letters stand for."""
    with st.expander(t("methods_page.symbols"), key="method_symbols"):
        st.markdown(t("methods_page.symbols_text"))


def methods() -> None:
    """Show every method: what it does, its formula and source, its settings, and a button to try it."""
    for name, member in _methods().items():
        _method(name, language(), member)
        _try(name, member)


@st.cache_data(max_entries=MOST_TOLD, show_spinner=False)
def _method(name: str, language: str, _member: type[Method]) -> None:
    """Drawn once a language, then sent as it was: what a method says of itself never changes."""
    st.header(member_text.title("methods", _member), anchor=name)
    st.markdown(_everything("methods", _member, f"$$\n{_member.formula}\n$$"))


@st.cache_data(max_entries=MOST_TOLD, show_spinner=False)
def _protocol(name: str, language: str, _member: type[Protocol]) -> None:
    """Drawn once a language, then sent as it was."""
    st.header(member_text.title("protocols", _member), anchor=name)
    st.markdown(_everything("protocols", _member))


def protocols() -> None:
    """Show every protocol: what it does, its source, its settings, and a button to try it as its source does."""
    for name, member in _protocols().items():
        _protocol(name, language(), member)
        if not is_other({"name": name}):
            st.caption(t("methods_page.in_every_preset"))
        elif st.button(t("methods_page.try"), key=f"protocol_try_{name}"):
            to_race(try_protocol(name))


def members(section: str) -> None:
    """Show the networks, datasets or schedules in short."""
    _members(section, language())


@st.cache_data(max_entries=MOST_TOLD, show_spinner=False)
def _members(section: str, language: str) -> None:
    """Drawn once a language, then sent as it was."""
    for name, member in member_text.members(section).items():
        title, summary = member_text.title(section, member), member_text.summary(section, member)
        with st.expander(f"**{title}** · {summary}", key=f"{section}_{name}"):
            st.markdown(f"{member_text.text(section, member)}\n\n{_settings(section, member)}")


def _methods() -> dict[str, type[Method]]:
    """Return the methods, the one that the first preset shows before all others."""
    from kd_core.methods import METHODS
    from kd_core.recipe import PRESETS

    first = member_text.name(type(PRESETS[state.DEFAULT_PRESET].recipe.method))
    return {first: METHODS[first], **METHODS}


def _protocols() -> dict[str, type[Protocol]]:
    """Return the protocols, the one that every preset begins with before all others."""
    from kd_core.protocols import PROTOCOLS

    return {"offline": PROTOCOLS["offline"], **PROTOCOLS}


def _everything(section: str, member: type[Method | Protocol], formula: str = "") -> str:
    """Return all that a member says of itself as one text: whatever is drawn by itself costs the server time."""
    summary, text = member_text.summary(section, member), member_text.text(section, member)
    source = f":small[{t('methods_page.source', source=member.source)}]" if member.source else ""
    parts = (f"**{summary}**", text, formula, source, _settings(section, member))
    return "\n\n".join(part for part in parts if part)


def _settings(section: str, member: type[Settings]) -> str:
    """Return a member's settings as a table."""
    rows = member_text.setting_rows(section, member)
    if not rows:
        return f":small[{t('methods_page.no_settings')}]"
    named = [{**row, "setting": f"**{row['setting']}** `{row['name']}`"} for row in rows]
    lines = [[t(f"methods_page.{name}") for name in COLUMNS], ["---"] * len(COLUMNS)]
    lines += [[row[name].replace("|", "\\|") for name in COLUMNS] for row in named]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _try(name: str, member: type[Method]) -> None:
    from kd_core.methods.labels_only import LabelsOnly

    if name == member_text.name(LabelsOnly):
        st.caption(t("methods_page.in_every_race"))
        return
    with st.container(horizontal=True, key=f"method_tries_{name}") if member.variants else nullcontext():
        if st.button(t("methods_page.try"), key=f"method_try_{name}"):
            to_race(state.change_together({"method": name}, "method"))
        for variant in member.variants:
            words = declared_text(f"choices.{variant}", variant.replace("_", " "))
            if st.button(t("methods_page.try_variant", variant=words), key=f"method_try_{name}_{variant}"):
                to_race(_use_variant(name, variant))


def to_race(could: bool) -> None:
    """Go to the Race page with what was chosen, or say here why it could not be."""
    if could:
        st.switch_page("pages/race.py")
    st.error(escape_markdown(state.refusal()))


def _use_variant(name: str, variant: str) -> bool:
    from kd_core.recipe import technique_changes

    return state.change_together(technique_changes(f"{name}:{variant}", state.current().method), "method")
