"""Evidence: is it true?"""

import streamlit as st

from pages.parts.evidence import documents, entry, everything, grouped, overview, summary
from pages.parts.text import t

experiments = documents()
if not experiments:
    st.info(t("evidence.no_files"))
    st.stop()
overview(experiments)
summary(experiments)

for group, members in grouped(experiments).items():
    st.header(t(f"evidence.group.{group}", n=len(members)), anchor=False)
    if not members:
        st.caption(t("evidence.empty_group"))
    for experiment in members:
        entry(experiment)

st.header(t("evidence.all"), anchor=False)
everything(experiments)
