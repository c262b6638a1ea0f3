"""Sweep: which temperature and weight?"""

import streamlit as st

from pages.parts.app import form_and_picture, require_engine
from pages.parts.other_kinds import study_of_page
from pages.parts.studies import choose_another, listed_label
from pages.parts.sweep import show_recorded_sweep, sweep_form, sweep_view
from pages.parts.text import t

study = study_of_page("sweep")
left, right = form_and_picture()
with right:
    if study is None:
        st.info(t("sweep.empty"))
        show_recorded_sweep()
    else:
        sweep_view(study)
with left:
    require_engine("sweep")
    sweep_form(study)
    choose_another("sweep", study, "sweep_study", t("sweep.earlier"), listed_label)
