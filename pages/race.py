"""Race: does the teacher help?"""

import streamlit as st

from pages.parts.app import form_and_picture, link
from pages.parts.other_kinds import one_of
from pages.parts.race import race_controls, race_view, show_first_look
from pages.parts.report import report_button
from pages.parts.studies import current_study, nearest_student
from pages.parts.text import t

with st.container():  # always one place: fragments below keep theirs, and what is pressed meanwhile reaches them
    if not link.get("study"):
        st.caption(t("app.tagline"))
left, right = form_and_picture()
study = current_study()
nearest_student.take_over_opened_cell(study)
shown = nearest_student.find(study)
nearest_student.follow(shown)
with right:
    if shown is None:
        show_first_look()
    else:
        nearest_student.note(shown)
        trio = one_of(shown)
        race_view(trio)
        report_button(trio.row, trio.values, trio.cell)
with left:
    race_controls(nearest_student.key_of(shown), nearest_student.question())
