"""Race: does the teacher help?"""

import streamlit as st

from pages.parts import links
from pages.parts.controls import controls
from pages.parts.first_look import first_look
from pages.parts.race_view import race_view
from pages.parts.selection import current_study
from pages.parts.texts import t

if not links.get("study"):
    st.caption(t("app.tagline"))
left, right = st.columns([1, 2.7], gap="medium")
with right:
    study = current_study()
    if study is None:
        first_look()
    elif study.kind == "race":
        race_view(study)
    else:
        st.info(t("race.not_a_race"))
with left:
    controls()
