"""Draw your own: the pad, what the networks see of the drawing, and what each of them says."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

import streamlit as st

from kd_core.drawings import MOST_BYTES, Preparation, prepare_upload
from kd_core.errors import KDError
from kd_core.results import StoredLogits
from pages.parts.app import link, put_view, require_engine, view_axis, view_temperature
from pages.parts.charts import BarsState, Role, read_state
from pages.parts.soft_labels.drawing.networks import drawing_networks
from pages.parts.soft_labels.drawing.pad import AskedNetwork, Uploaded, drawing_pad, send_networks
from pages.parts.text import error_text, escape_markdown, t, temperature_text

PAD = "drawing_pad"
SUBJECTS = ("sample", "drawing")


def choose_subject(stored: StoredLogits) -> None:
    """Let the reader choose between test images and a drawing; the choice is kept in the link.

    What is trained here needs the engine before it can look at a drawing; until then this shows a skeleton.
    """
    st.session_state["soft_labels_subject"] = link.get("subject", SUBJECTS[0])
    st.segmented_control(
        t("drawing.subject"),
        SUBJECTS,
        format_func=lambda subject: t(f"drawing.subject_{subject}"),
        key="soft_labels_subject",
        required=True,
        label_visibility="collapsed",
        on_change=_keep_subject,
    )
    if is_drawing() and stored.runs:
        require_engine("soft_labels")


def is_drawing() -> bool:
    """Tell whether the reader draws."""
    return link.get("subject") == "drawing"


def drawing_view(stored: StoredLogits, index: int, fragments: Sequence[str], provenance: str) -> None:
    """Draw pad and bars.

    Args:
        stored: what is looked at.
        index: of the test image with which a drawing may begin.
        fragments: those that another view temperature draws anew.
        provenance: who made the networks.
    """
    view = BarsState(view_temperature(), view_axis())
    networks = drawing_networks(stored)

    def changed() -> None:
        state = read_state(st.session_state[PAD], view)
        put_view(state)
        if state.temperature != view.temperature:
            st.rerun(list(fragments))

    st.header(t("drawing.title"), anchor=False)
    st.caption(t("drawing.setting", T=temperature_text(view.temperature), provenance=provenance))
    for arm, reason in networks.refused.items():
        st.info(t("drawing.refused", arm=t(f"roles.{arm}"), reason=escape_markdown(reason)))
    if not networks.ids:
        st.info(t("drawing.nobody"))
        return
    pad = st.container()
    uploaded = _upload(networks.preparation)
    names = {arm: t(f"roles.{arm}") for arm in networks.ids}
    asked = [AskedNetwork(cast(Role, arm), names[arm], id, id in networks.sent) for arm, id in networks.ids.items()]
    with pad:
        drawing_pad(
            key=PAD,
            asked=asked,
            classes=stored.classes,
            preparation=networks.preparation,
            how=_how(networks.preparation),
            sample=stored.images[index],
            view=view,
            answer=networks.answer,
            uploaded=uploaded,
            on_change=changed,
        )
    through_python = [network.name for network in asked if not network.here]
    if through_python:
        st.caption(t("drawing.through_python", names=", ".join(through_python)))
    send_networks(networks.sent)


def _keep_subject() -> None:
    chosen = st.session_state["soft_labels_subject"]
    link.put(subject=None if chosen == SUBJECTS[0] else chosen)


def _how(preparation: Preparation) -> str:
    """Return in a sentence how a drawing is prepared."""
    channels, height, width = preparation.shape
    box_height, box_width = preparation.box
    field_height, field_width = preparation.field
    return t(
        f"drawing.way_{preparation.way}",
        height=height,
        width=width,
        box_height=box_height,
        box_width=box_width,
        field_height=field_height,
        field_width=field_width,
        block=preparation.block,
        most=preparation.block**2,
        colour=t("drawing.in_grey" if channels == 1 else "drawing.in_colour"),
    )


def _upload(preparation: Preparation) -> Uploaded | None:
    with st.popover(t("drawing.upload_open"), key="drawing_upload_open"):
        st.caption(t("drawing.upload_rules", most=MOST_BYTES // 2**20))
        given = st.file_uploader(t("drawing.upload"), type=["png", "jpg", "jpeg"], key="drawing_upload")
        if given is None:
            return None
        try:
            return _prepared(given.getvalue(), given.name, preparation)
        except KDError as error:
            st.error(escape_markdown(error_text(error)))
            return None


@lru_cache(maxsize=8)
def _prepared(content: bytes, name: str, preparation: Preparation) -> Uploaded:
    """The page asks anew at every rerun."""
    image = prepare_upload(content, name, preparation)
    return Uploaded(hashlib.sha256(content).hexdigest(), image)
