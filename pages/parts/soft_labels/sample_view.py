"""What every network says about one image or a drawing: finding, bars, explanation and the numbers as a file."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from kd_core.results import StoredLogits
from pages.parts.app import put_view, view_axis, view_temperature
from pages.parts.charts import BAR_WORDS, BarsState, csv_button, picture_url, read_state, softened_bars
from pages.parts.samples import class_name, epoch_words, provenance
from pages.parts.soft_labels import sentences
from pages.parts.soft_labels.drawing import drawing_view, is_drawing
from pages.parts.studies import sample_arms, sample_rows
from pages.parts.text import escape_markdown, t, temperature_text, texts_of


def subject_view(stored: StoredLogits, index: int, epoch: int | None, fragments: Sequence[str]) -> None:
    """Draw what the reader has chosen: the bars of a test image, or the pad; see ``sample_view``.

    Logits of one's own come without networks that could look at a drawing.
    """
    if is_drawing() and stored.provenance != "own":
        drawing_view(stored, index, fragments, provenance(stored))
    else:
        sample_view(stored, index, epoch, fragments)


def sample_view(stored: StoredLogits, index: int, epoch: int | None, fragments: Sequence[str]) -> None:
    """Draw the bars of one image.

    Args:
        stored: what the networks say about all of them.
        index: of the image.
        epoch: from 0; None for the reported one.
        fragments: those that another view temperature draws anew.
    """
    temperature, axis, label = view_temperature(), view_axis(), int(stored.labels[index])

    def changed() -> None:
        state = read_state(st.session_state["view_temperature"], BarsState(temperature, axis))
        put_view(state)
        if state.temperature != temperature:
            st.rerun(list(fragments))

    st.header(sentences.sample_finding(stored, index, temperature), anchor=False)
    label_name = class_name(stored, label)
    facts = {"index": index, "label": escape_markdown(label_name), "T": temperature_text(temperature)}
    made = {"provenance": provenance(stored)}
    if stored.provenance == "own":
        st.caption(t("own_logits.setting", **made, **facts))
    else:
        st.caption(t("soft_labels.setting", epoch=epoch_words(epoch), **made, **facts))
    softened_bars(
        key="view_temperature",
        arms=sample_arms(stored, index, films=True),
        classes=stored.classes,
        words=texts_of("bars", BAR_WORDS),
        hard_label=label if label >= 0 else None,
        picture=picture_url(stored.images[index]) if stored.has_images else None,
        picture_alt=t("soft_labels.picture", index=index, label=label_name),
        temperature=temperature,
        axis=axis,
        on_change=changed,
    )
    st.markdown(sentences.sample_explanation(stored, index, temperature))
    csv_button(sample_rows(stored, index, temperature), key="view_temperature", filename=f"soft-labels-image-{index}")
