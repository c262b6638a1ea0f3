"""Methods: which kinds of teaching there are, told by the methods themselves."""

import streamlit as st

from pages.parts import method_text
from pages.parts.engine import require_engine
from pages.parts.texts import t
from pages.parts.tip_list import tip_list

st.markdown(t("methods_page.lead"))
require_engine("methods")

method_text.contents()
method_text.symbols()
method_text.methods()
st.header(t("methods_page.protocols"), anchor="protocols")
st.markdown(t("methods_page.protocols_lead"))
method_text.protocols()
st.header(t("methods_page.tips"), anchor="tips")
st.markdown(t("methods_page.tips_lead"))
tip_list()
for section in ("networks", "datasets", "schedules"):
    st.header(t(f"methods_page.{section}"), anchor=section)
    st.markdown(t(f"methods_page.{section}_lead"))
    method_text.members(section)
