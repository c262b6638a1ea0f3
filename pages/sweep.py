"""Sweep: which temperature and weight?"""

import streamlit as st

from pages.parts.app import require_engine
from pages.parts.studies import choose_another, current_study, listed_label
from pages.parts.sweep import sweep_form, sweep_view
from pages.parts.text import t

require_engine("sweep")
study = current_study("sweep")
if study is None:
    st.markdown(t("sweep.lead"))
left, right = st.columns([1, 2.7], gap="medium")
with right:
    if study is None:
        st.info(t("sweep.empty"))
    else:
        sweep_view(study)
with left:
    sweep_form(study)
    choose_another("sweep", study, "sweep_study", t("sweep.earlier"), listed_label)
