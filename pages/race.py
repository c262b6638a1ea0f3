"""Race: does the teacher help?"""

import streamlit as st

from pages.parts import links, living_map
from pages.parts.controls import controls
from pages.parts.first_look import first_look
from pages.parts.race_view import race_view
from pages.parts.texts import t

if not links.get("study"):
    st.caption(t("app.tagline"))
left, right = st.columns([1, 2.7], gap="medium")
with right:
    shown = living_map.shown()
    if shown is None:
        first_look()
    else:
        living_map.note(shown)
        race_view(shown)
with left:
    controls(living_map.key_of(shown))
