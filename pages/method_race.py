"""Method race: which technique helps most?"""

import streamlit as st

from pages.parts.engine import require_engine
from pages.parts.method_race_choice import choose_method_race, current_method_race
from pages.parts.method_race_form import method_race_form
from pages.parts.method_race_view import method_race_view
from pages.parts.texts import t

require_engine("method_race")
study = current_method_race()
if study is None:
    st.markdown(t("method_race.lead"))
left, right = st.columns([1, 2.7], gap="medium")
with right:
    if study is None:
        st.info(t("method_race.empty"))
    else:
        method_race_view(study)
with left:
    method_race_form(study)
    if study is not None:
        choose_method_race(study)
