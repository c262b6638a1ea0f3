"""Soft labels: what is dark knowledge?"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kd_core.results import StoredLogits, stored_logits
from pages.parts.app import choose_epoch, store, tell_left_out
from pages.parts.other_kinds import one_trio
from pages.parts.own_logits import own_facts, own_field, own_in_link
from pages.parts.recorded import recorded_logits
from pages.parts.samples import pick_sample
from pages.parts.soft_labels import calibration_view, choose_subject, matrix_view, subject_view
from pages.parts.studies import choose_study, nearest_student, nothing_yet, watch
from pages.parts.text import t

FRAGMENTS = ["soft_labels_sample", "soft_labels_matrix"]
OWN_FRAGMENTS = [*FRAGMENTS, "soft_labels_calibration"]


def main() -> None:
    st.markdown(t("soft_labels.lead"))
    middle, side = st.columns([3, 1], gap="medium")
    if (own := own_in_link()) is not None:
        own_logits(own, middle, side)
        return
    with side:
        own_field()
        study = choose_study("soft_labels_study")
        cell = nearest_student.on_side(study) or one_trio(study, "compare")
    stored = recorded_logits() if study is None else stored_logits.load_study_logits(store(), study.id, cell=cell)
    with middle:
        if stored is None or not stored.logits:
            nothing_yet(study, chooser="soft_labels_study")
            return
    with side:
        epoch = choose_epoch(stored.epochs)
        picker = st.container()
        picker.empty()  # a fragment may only write into a container that has been written to
    reported = stored
    if study is not None and epoch is not None:
        stored = stored_logits.load_study_logits(store(), study.id, epoch=epoch, cell=cell) or stored
    watch(study, stored)
    with middle:
        if study is not None:
            tell_left_out(store().studies.member_progress(study.id))
        choose_subject(stored)
        sample(reported, stored, epoch, picker)
    matrix(stored, epoch)


def own_logits(stored: StoredLogits, middle: DeltaGenerator, side: DeltaGenerator) -> None:
    with side:
        st.caption(own_facts(stored))
        picker = st.container()
        picker.empty()
        own_field()
    with middle:
        sample(stored, stored, None, picker)
    matrix(stored, None)
    calibration(stored)


@st.fragment(key=FRAGMENTS[0])
def sample(reported: StoredLogits, stored: StoredLogits, epoch: int | None, picker: DeltaGenerator) -> None:
    with picker:
        index = pick_sample(reported)  # by the result: while epochs go by, the image stays
    subject_view(stored, index, epoch, OWN_FRAGMENTS if stored.provenance == "own" else FRAGMENTS)


@st.fragment(key=FRAGMENTS[1])
def matrix(stored: StoredLogits, epoch: int | None) -> None:
    matrix_view(stored, epoch)


@st.fragment(key=OWN_FRAGMENTS[2])
def calibration(stored: StoredLogits) -> None:
    calibration_view(stored)


main()
