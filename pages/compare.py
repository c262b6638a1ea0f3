"""Compare: runs against each other, with what differs and how sure that is."""

import streamlit as st

from pages.parts.app import errors, store, tell_left_out
from pages.parts.compare import (
    overlaid_curves,
    paired_differences,
    recipe_differences,
    side_table,
    sides_of,
    storage_panel,
    study_actions,
    study_list,
)
from pages.parts.other_kinds import to_own_page
from pages.parts.report import report_button
from pages.parts.text import t

errors.show_refused()
studies = study_list.study_list()
storage_panel()
if not studies:
    if study_list.is_empty():
        st.info(study_list.empty_text())
        st.page_link("pages/race.py", label=t("compare.to_race"))
    else:
        st.info(t("compare.pick"))
    st.stop()

if len(studies) == 1:
    study_actions.study_actions(studies[0], report_button)
sides = sides_of(studies)
if others := [row for row in studies if row.kind != "race"]:
    (st.caption if sides else st.info)(t("compare.no_sweeps"))
    for row in others:
        to_own_page(row)
if not sides:
    if len(others) < len(studies):
        st.info(t("compare.nothing_finished"))
    st.stop()

st.header(t("compare.arms"), anchor=False)
side_table(sides)
tell_left_out(place for row in studies for place in store().studies.member_progress(row.id))
st.header(t("compare.difference"), anchor=False)
left, right = paired_differences.choose_pair(sides)
paired_differences.paired_difference(left, right)
overlaid_curves.pair_curves(left, right)
if len(studies) > 1:
    st.header(t("compare.recipes"), anchor=False)
    recipe_differences.recipe_differences(studies)
    st.header(t("compare.panels"), anchor=False)
    overlaid_curves.panels(sides)
