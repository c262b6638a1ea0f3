"""Method race: which technique helps most?"""

import streamlit as st

from pages.parts.app import form_and_picture, require_engine
from pages.parts.method_race import listed_race, method_race_form, method_race_view, show_recorded_method_race
from pages.parts.other_kinds import say_shown_elsewhere
from pages.parts.studies import choose_another, current_study
from pages.parts.text import t

with st.container():  # always one place: fragments below keep theirs, and what is pressed meanwhile reaches them
    say_shown_elsewhere("compare")
    study = current_study("compare")
    if study is None:
        st.markdown(t("method_race.lead"))
    else:
        require_engine("method_race")
left, right = form_and_picture()
with right:
    if study is None:
        st.info(t("method_race.empty"))
        show_recorded_method_race()
    else:
        method_race_view(study)
with left:
    require_engine("method_race")
    method_race_form(study)
    choose_another("compare", study, "method_race_study", t("method_race.earlier"), listed_race)
