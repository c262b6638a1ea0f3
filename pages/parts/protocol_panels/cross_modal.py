"""The panel of cross-modal distillation: one test image as the teacher sees it, and as the student does."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from kd_core.results import Verdict, stored_logits
from pages.parts.app import engine, store
from pages.parts.charts import enlarged
from pages.parts.protocol_panels.base import Panel, heading
from pages.parts.studies import sample_shown
from pages.parts.text import declared_text, escape_markdown, share_text, t, verdict_text

SIDE = 240
"""Pixels of the longer side of an enlarged picture."""


def headline(panel: Panel, judged: Verdict) -> str:
    """Return whether those who taught helped."""
    return verdict_text(judged, t("protocol_verdict.who_cross_modal"))


def panel(panel: Panel) -> None:
    """Show both views of the image in the link, or of the one about which the teacher is least sure."""
    material = stored_logits.load_study_logits(store(), panel.study, cell=panel.cell)
    if material is None or not material.logits:
        st.caption(t("protocol_view.nothing_yet"))
        return
    if not engine.engine_is_warm():
        st.skeleton(height=SIDE)
        return
    from kd_core.networks import pictured

    index, view = sample_shown(material), panel.protocol["view"]
    name, image = escape_markdown(material.classes[int(material.labels[index])]), material.images[index]
    seen = pictured(view, image)
    facts = {"image": _size(image), "seen": _size(seen), "name": name}
    heading(
        t("protocol_view.view_finding", **facts, share=share_text(seen.size / image.size)),
        t(f"protocol_view.view_{view}", index=index),
    )
    left, right, _ = st.columns([1, 1, 1])
    sees = t("protocol_view.teacher_sees", **facts)
    left.image(enlarged(image, SIDE), caption=sees, alt=sees)
    sees = t("protocol_view.student_sees", view=declared_text(f"choices.{view}", view.replace("_", " ")), **facts)
    right.image(enlarged(seen, SIDE), caption=sees, alt=sees)


def _size(pixels: NDArray[np.uint8]) -> str:
    return f"{pixels.shape[1]} × {pixels.shape[2]}"
