"""Evidence: is it true?"""

import streamlit as st

from pages.parts.evidence import documents, entry, everything, grouped, summary
from pages.parts.text import t

told = documents()
if not told:
    st.info(t("evidence.no_files"))
    st.stop()
summary(told)

for group, members in grouped(told).items():
    st.header(t(f"evidence.group.{group}", n=len(members)), anchor=False)
    if not members:
        st.caption(t("evidence.empty_group"))
    for one in members:
        entry(one)

st.header(t("evidence.all"), anchor=False)
everything(told)
