"""Speed and size: is it worth it?"""

import streamlit as st

from pages.parts.export_run import export_section
from pages.parts.selection import choose_study
from pages.parts.speed_facts import provenance_text, speed_facts
from pages.parts.speed_view import latency_section, size_table
from pages.parts.texts import t

study = choose_study("speed_study")
st.caption(provenance_text(study))
facts = speed_facts(study)
if not facts["arms"]:
    st.info(t("speed.nothing_finished"))
    st.stop()

latency_section(facts["arms"], facts.get("device"))
st.header(t("speed.size"), anchor=False)
size_table(facts["arms"])
st.header(t("speed.export_title"), anchor=False)
export_section(study)
