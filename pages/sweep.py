"""Sweep: which temperature and weight?"""

import streamlit as st

from pages.parts.engine import require_engine
from pages.parts.selection import listed_label
from pages.parts.study_choice import choose_another, linked_or_newest
from pages.parts.sweep_form import sweep_form
from pages.parts.sweep_view import sweep_view
from pages.parts.texts import t

require_engine("sweep")
study = linked_or_newest("sweep")
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
    if study is not None:
        choose_another(study, "sweep_study", t("sweep.earlier"), listed_label)
