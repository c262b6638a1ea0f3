"""Speed and size: is it worth it?"""

import streamlit as st

from pages.parts.app import store, tell_left_out
from pages.parts.other_kinds import one_trio
from pages.parts.speed import choose_batch, export_section, latency_section, provenance_text, race_of, size_table
from pages.parts.studies import choose_study
from pages.parts.text import t

left, right = st.columns([3, 2], gap="large")
with left:
    study = choose_study("speed_study")
    cell = one_trio(study, "sweep", "compare")
race = race_of(study, cell)
if not race.arms:
    st.info(t("speed.nothing_finished" if cell is None else "speed.nothing_finished_of_cell"))
    st.stop()
with right:
    batch = choose_batch(race.arms)
st.caption(provenance_text(study))
if study is not None:
    tell_left_out(store().studies.member_progress(study.id))

latency_section(race.arms, race.device, batch)
st.header(t("speed.size"), anchor=False)
size_table(race.arms)
st.header(t("speed.export_title"), anchor=False)
export_section(study, cell)
