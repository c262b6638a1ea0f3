"""Speed and size: is it worth it?"""

import streamlit as st

from pages.parts.speed import choose_batch, export_section, latency_section, provenance_text, size_table, speed_facts
from pages.parts.studies import choose_study
from pages.parts.text import t

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
