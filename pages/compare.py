"""Compare: runs against each other, with what differs and how sure that is."""

import streamlit as st

from pages.parts import attempts, overlaid_curves, paired_differences, recipe_differences, run_actions, run_list
from pages.parts.sides import side_table, sides_of
from pages.parts.storage import storage
from pages.parts.texts import t

attempts.show_refused()
studies = run_list.study_list()
storage()
if not studies:
    if run_list.is_empty():
        st.info(t("compare.empty"))
        st.page_link("pages/race.py", label=t("compare.to_race"))
    else:
        st.info(t("compare.pick"))
    st.stop()

if len(studies) == 1:
    run_actions.study_actions(studies[0])
sides = sides_of(studies)
if any(row.kind != "race" for row in studies):
    st.caption(t("compare.no_sweeps"))
if not sides:
    st.info(t("compare.nothing_finished"))
    st.stop()

st.header(t("compare.arms"), anchor=False)
side_table(sides)
st.header(t("compare.difference"), anchor=False)
left, right = paired_differences.choose_pair(sides)
paired_differences.paired_difference(left, right)
overlaid_curves.pair_curves(left, right)
if len(studies) > 1:
    st.header(t("compare.recipes"), anchor=False)
    recipe_differences.recipe_differences(studies)
    st.header(t("compare.panels"), anchor=False)
    overlaid_curves.panels(sides)
