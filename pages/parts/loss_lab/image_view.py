"""One test image in the lab: finding, formula, and arrows for what each term asks of every logit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from kd_core.logit_losses import LossForm, loss_terms, usable_images
from kd_core.results import StoredLogits
from pages.parts.app import link
from pages.parts.charts import picture_url
from pages.parts.loss_lab import sentences
from pages.parts.loss_lab.component import Convention, LabChoice, LabImage, loss_lab, read_choice
from pages.parts.loss_lab.formula import with_symbols
from pages.parts.loss_lab.run_form import RunForm, form_in_link, put_form
from pages.parts.samples import class_name, epoch_words, provenance
from pages.parts.text import escape_markdown, t, temperature_text

STUDENTS = ("distilled", "alone")
KEY = "loss_lab"


def tell_what_is_missing(stored: StoredLogits) -> bool:
    """Say why there is nothing to show of a study, and return whether that is so."""
    if "teacher" not in stored.logits:
        st.info(t("loss_lab.no_teacher"))
        return True
    if not any(arm in stored.logits for arm in STUDENTS):
        st.info(t("loss_lab.no_student"))
        return True
    return False


def choose_arm(stored: StoredLogits) -> str:
    """Let the reader choose whose logits are moved, and return the arm; the choice is in the link."""
    arms = [arm for arm in STUDENTS if arm in stored.logits]
    asked = link.get("arm")
    now = asked if asked in arms else arms[0]
    if len(arms) < 2:
        return now
    st.session_state["loss_lab_arm"] = now

    def keep() -> None:
        chosen = st.session_state["loss_lab_arm"]
        link.put(arm=None if chosen == arms[0] else chosen)

    st.segmented_control(
        t("loss_lab.arm"),
        arms,
        format_func=lambda arm: t(f"roles.{arm}"),
        key="loss_lab_arm",
        on_change=keep,
        required=True,
        help=t("loss_lab.arm_help"),
    )
    return now


def image_view(
    stored: StoredLogits, arm: str, index: int, epoch: int | None, run: RunForm, fragments: Sequence[str]
) -> None:
    """Draw the lab of one image.

    Args:
        stored: what the networks say about all of them.
        arm: whose logits are moved.
        index: of the image.
        epoch: from 0; None for the reported one.
        run: the loss that the run was trained with.
        fragments: those that another form draws anew.
    """
    teacher, student = stored.logits["teacher"][index], stored.logits[arm][index]
    label = int(stored.labels[index])
    if not usable_images(teacher[None], student[None])[0]:
        st.info(t("loss_lab.broken"))
        return
    choice = LabChoice(form_in_link(run.form), convention())

    def changed() -> None:
        new = read_choice(st.session_state[KEY], choice)
        put_form(run.form, new.form)
        link.put(convention="labels" if new.convention == "labels" else None)
        st.rerun(list(fragments))

    terms = loss_terms(choice.form, teacher[None], student[None], np.array([label]))
    st.header(sentences.image_finding(terms, stored.classes), anchor=False)
    st.caption(_setting(stored, arm, index, epoch, choice.form))
    for sentence in sentences.caveats(run):
        st.caption(sentence)
    st.latex(with_symbols(choice.form, choice.convention))
    name = class_name(stored, label)
    image = LabImage(
        stored.classes,
        teacher.tolist(),
        student.tolist(),
        label if label >= 0 else None,
        picture_url(stored.images[index]),
        t("soft_labels.picture", index=index, label=name),
    )
    loss_lab(KEY, image, choice, run.form, on_change=changed)


def convention() -> Convention:
    """Return what alpha weighs, as the link says."""
    return "labels" if link.get("convention") == "labels" else "teacher"


def _setting(stored: StoredLogits, arm: str, index: int, epoch: int | None, form: LossForm) -> str:
    return t(
        "loss_lab.setting",
        index=index,
        label=escape_markdown(class_name(stored, int(stored.labels[index]))),
        arm=t(f"roles.{arm}"),
        T=temperature_text(form.temperature),
        epoch=epoch_words(epoch),
        provenance=provenance(stored),
    )
