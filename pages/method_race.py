"""Method race: which technique helps most?"""

import streamlit as st

from pages.parts.app import form_and_picture, require_engine
from pages.parts.method_race import listed_race, method_race_form, method_race_view, show_recorded_method_race
from pages.parts.other_kinds import study_of_page
from pages.parts.studies import choose_another
from pages.parts.text import t

study = study_of_page("compare")
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
