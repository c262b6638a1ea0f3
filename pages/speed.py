"""Speed and size: is it worth it?"""

import streamlit as st

from pages.parts.export_run import export_section
from pages.parts.selection import choose_study
from pages.parts.speed_facts import provenance_text, speed_facts
from pages.parts.speed_view import choose_batch, latency_section, size_table
from pages.parts.texts import t

left, right = st.columns([3, 2], gap="large")
with left:
    study = choose_study("speed_study")
facts = speed_facts(study)
if not facts["arms"]:
    st.info(t("speed.nothing_finished"))
    st.stop()
with right:
    batch = choose_batch(facts["arms"])
st.caption(provenance_text(study))

latency_section(facts["arms"], facts.get("device"), batch)
st.header(t("speed.size"), anchor=False)
size_table(facts["arms"])
st.header(t("speed.export_title"), anchor=False)
export_section(study)
