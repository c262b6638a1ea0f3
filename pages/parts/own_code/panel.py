"""The script that does what the present settings do, to read, to copy and to take along."""

from __future__ import annotations

import streamlit as st

from kd_core.errors import KDError
from pages.parts.form import state
from pages.parts.text import error_text, escape_markdown, t

HEIGHT = 420


def code_panel() -> None:
    """Show the script of the form's settings, or say why there is none, and offer it and the recipe as files."""
    from kd_core.script import recipe_command, recipe_text, training_script

    recipe, seeds, preset = state.current(), state.seeds(), state.preset_name()
    source = ""
    try:
        source = training_script(recipe, range(seeds), recipe_command(recipe, preset, seeds))
    except KDError as error:
        st.info(escape_markdown(error_text(error)))
    if source:
        st.caption(t("own_code.lead", n=len(source.splitlines())))
    with st.container(horizontal=True, key="own_code_files"):
        if source:
            st.download_button(
                t("own_code.script"),
                source,
                file_name="distil.py",
                mime="text/x-python",
                key="own_code_script",
                on_click="ignore",
            )
        st.download_button(
            t("own_code.recipe"),
            recipe_text(recipe),
            file_name="recipe.json",
            mime="application/json",
            key="own_code_recipe",
            on_click="ignore",
        )
    if source:
        st.code(source, language="python", height=HEIGHT)
