"""Loss lab: what is optimised?"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kd_core.results import StoredLogits, stored_logits
from pages.parts.app import choose_epoch, store, tell_left_out
from pages.parts.loss_lab import (
    RunForm,
    batch_view,
    choose_arm,
    image_view,
    run_form,
    tell_what_is_missing,
    triple_view,
)
from pages.parts.other_kinds import one_trio
from pages.parts.recorded import recorded_logits
from pages.parts.samples import pick_sample
from pages.parts.studies import choose_study, nearest_student, nothing_yet, watch
from pages.parts.text import t

FRAGMENTS = ["loss_lab_image", "loss_lab_batch"]


def main() -> None:
    st.markdown(t("loss_lab.lead"))
    middle, side = st.columns([3, 1], gap="medium")
    with side:
        study = choose_study("loss_lab_study")
        cell = nearest_student.on_side(study) or one_trio(study, "compare")
    stored = recorded_logits() if study is None else stored_logits.load_study_logits(store(), study.id, cell=cell)
    with middle:
        nothing = stored is None or not stored.logits
        if nothing:
            nothing_yet(study, chooser="loss_lab_study")
    if stored is None or nothing or tell_what_is_missing(stored):
        return
    with side:
        epoch = choose_epoch(stored.epochs)
        arm = choose_arm(stored)
        picker = st.container()
        picker.empty()  # a fragment may only write into a container that has been written to
    if study is not None and epoch is not None:
        stored = stored_logits.load_study_logits(store(), study.id, epoch=epoch, cell=cell) or stored
    watch(study, stored)
    run = run_form(study, cell)
    with middle:
        if study is not None:
            tell_left_out(store().studies.member_progress(study.id))
        image(stored, arm, epoch, run, picker)
    batch(stored, arm, epoch, run)


@st.fragment(key=FRAGMENTS[0])
def image(stored: StoredLogits, arm: str, epoch: int | None, run: RunForm, picker: DeltaGenerator) -> None:
    with picker:
        index = pick_sample(stored)
    image_view(stored, arm, index, epoch, run, FRAGMENTS)


@st.fragment(key=FRAGMENTS[1])
def batch(stored: StoredLogits, arm: str, epoch: int | None, run: RunForm) -> None:
    batch_view(stored, arm, epoch, run)


main()
triple_view()
