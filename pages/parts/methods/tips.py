"""The practical tips on the Methods page: what each does, its settings, and buttons to try or to race them."""

from __future__ import annotations

import streamlit as st

from kd_core.settings import format_value
from kd_core.vocabulary import SOFT_TARGETS
from pages.parts.app import link
from pages.parts.form import protocol_changes, state
from pages.parts.methods.textbook import to_race
from pages.parts.text import declared_text, t


def tip_list() -> None:
    """Show every tip, with a button to try it on the Race page, and one that fills in a method race of all."""
    from kd_core.recipe import TIPS

    for name, tip in TIPS.items():
        with st.container(border=True, key=f"tip_{name}"):
            title = declared_text(f"tips.{name}.title", tip.title)
            st.markdown(f"**{title}**\n\n{declared_text(f'tips.{name}.summary', tip.summary)}")
            written = " ".join(f"--set '{path}={format_value(value)}'" for path, value in tip.changes.items())
            st.code(written, language="bash", wrap_lines=True)
            if st.button(t("methods_page.try"), key=f"tip_try_{name}"):
                to_race(_use(name))
    if st.button(t("methods_page.race_tips"), key="race_tips"):
        _undo()
        link.put(study=None, techniques=",".join([SOFT_TARGETS, *TIPS]))
        st.switch_page("pages/method_race.py")


def _use(name: str) -> bool:
    from kd_core.recipe import technique_changes

    _undo()
    changes = {**protocol_changes("offline"), **technique_changes(name, state.current().method)}
    return state.change_together(changes, "method")


def _undo() -> None:
    """Put back what any tip sets: each is tried, and raced, beside plain soft targets."""
    from kd_core.recipe import TIPS

    link.put_settings(link.settings_outside(path for tip in TIPS.values() for path in tip.changes))
