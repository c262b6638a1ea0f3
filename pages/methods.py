"""Methods: which kinds of teaching there are, told by the methods themselves."""

import streamlit as st

from pages.parts.app import require_engine
from pages.parts.methods import textbook, tip_list
from pages.parts.text import t

st.markdown(t("methods_page.lead"))
require_engine("methods")

textbook.contents()
textbook.symbols()
textbook.methods()
st.header(t("methods_page.protocols"), anchor="protocols")
st.markdown(t("methods_page.protocols_lead"))
textbook.protocols()
st.header(t("methods_page.tips"), anchor="tips")
st.markdown(t("methods_page.tips_lead"))
tip_list()
for section in ("networks", "datasets", "schedules"):
    st.header(t(f"methods_page.{section}"), anchor=section)
    st.markdown(t(f"methods_page.{section}_lead"))
    textbook.members(section)
