"""Sweep: which temperature and weight?"""

import streamlit as st

from pages.parts.engine import require_engine
from pages.parts.sweep_choice import choose_sweep, current_sweep
from pages.parts.sweep_form import sweep_form
from pages.parts.sweep_view import sweep_view
from pages.parts.texts import t

require_engine("sweep")
study = current_sweep()
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
        choose_sweep(study)
