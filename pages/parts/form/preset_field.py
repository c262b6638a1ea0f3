"""The preset from which a form starts: its title, its field, and what all networks of a study have in common."""

from __future__ import annotations

import streamlit as st

from pages.parts.app import link
from pages.parts.form import state
from pages.parts.form.cautions import cautions
from pages.parts.text import MISSING, declared_text, escape_markdown, t


def preset_title(name: str) -> str:
    """Return what a preset is called; one of an earlier version by its name."""
    from kd_core.recipe import PRESETS

    return declared_text(f"presets.{name}.title", PRESETS[name].title if name in PRESETS else name)


def choose_preset() -> None:
    """Draw the choice of the preset; another one begins without any changed setting."""
    from kd_core.recipe import PRESETS

    name = state.preset_name()
    st.session_state["preset"] = name
    st.selectbox(
        t("race.preset"),
        list(PRESETS),
        format_func=preset_title,
        key="preset",
        on_change=lambda: state.use_preset(st.session_state["preset"]),
        help=declared_text(f"presets.{name}.description", PRESETS[name].description),
    )


def shared_settings() -> None:
    """Draw what all networks of a study have in common: a preset with the changes that the Race page made."""
    choose_preset()
    recipe = state.current()
    teacher = recipe.teacher.network_label if recipe.teacher else MISSING
    facts = t("sweep.base", teacher=teacher, student=recipe.student.label, epochs=recipe.optim.epochs)
    if changed := len(link.settings()):
        facts += " · " + t("sweep.changed", n=changed)
    st.caption(escape_markdown(facts))
    for sentence in cautions(recipe.to_json()):
        st.warning(sentence)
