"""Three logits made by hand: a loss to drag, entirely in the browser."""

from __future__ import annotations

from typing import Final

import streamlit as st

from kd_core.logit_losses import LossForm
from pages.parts.loss_lab.component import LabChoice, LabImage, loss_lab
from pages.parts.text import t

TEACHER: Final = (6.0, 3.0, -2.0)
STUDENT: Final = (1.0, 2.5, 0.0)
FORM: Final = LossForm()


def triple_view() -> None:
    """Draw a teacher that is sure of the label and sees a likeness, and a student that is wrong."""
    st.header(t("loss_lab.triple_title"), anchor=False)
    st.markdown(t("loss_lab.triple_lead"))
    classes = [t(f"loss_lab.triple_class_{letter}") for letter in ("a", "b", "c")]
    image = LabImage(classes, TEACHER, STUDENT, 0, picture_alt=t("loss_lab.triple_title"))
    words = {"reset": t("loss_lab.triple_reset")}
    loss_lab("loss_triple", image, LabChoice(FORM, "teacher"), FORM, draggable=True, words=words)
