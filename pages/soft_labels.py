"""Soft labels: what is dark knowledge?"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kd_core.results import mean_soft_labels, stored_logits
from pages.parts.app import put_view, store, view_axis, view_temperature
from pages.parts.charts import BAR_WORDS, BarsState, csv_button, plotly_chart_with_downloads, read_state, softened_bars
from pages.parts.soft_labels import matrix_figure, matrix_rows, sample_picker, sentences as say, without_diagonal
from pages.parts.studies import (
    choose_epoch,
    choose_study,
    nearest_student,
    nothing_yet,
    recorded_logits,
    sample_arms,
    sample_rows,
    watch,
)
from pages.parts.text import escape_markdown, t, temperature_text, texts_of

FRAGMENTS = ["soft_labels_sample", "soft_labels_matrix"]


def main() -> None:
    st.markdown(t("soft_labels.lead"))
    middle, side = st.columns([3, 1], gap="medium")
    with side:
        study = choose_study("soft_labels_study")
        cell = nearest_student.on_side(study)
    found = recorded_logits() if study is None else stored_logits.load_study_logits(store(), study.id, cell=cell)
    with middle:
        if found is None or not found.logits:
            nothing_yet(study, chooser="soft_labels_study")
            return
    with side:
        epoch = choose_epoch(found.epochs)
        picker = st.container()
        picker.empty()  # a fragment may only write into a container that has been written to
    if study is not None and epoch is not None:
        found = stored_logits.load_study_logits(store(), study.id, epoch=epoch, cell=cell) or found
    watch(study, found)
    with middle:
        sample(found, epoch, picker)
    matrix(found, epoch)


@st.fragment(key=FRAGMENTS[0])
def sample(found: stored_logits.StoredLogits, epoch: int | None, picker: DeltaGenerator) -> None:
    with picker:
        index = sample_picker.pick_sample(found)
    bars(found, index, epoch)


def bars(found: stored_logits.StoredLogits, index: int, epoch: int | None) -> None:
    temperature, axis, label = view_temperature(), view_axis(), int(found.labels[index])

    def changed() -> None:
        state = read_state(st.session_state["view_temperature"], BarsState(temperature, axis))
        put_view(state)
        if state.temperature != temperature:
            st.rerun(FRAGMENTS)

    st.header(say.sample_finding(found, index, temperature), anchor=False)
    label_name = sample_picker.class_name(found, label)
    facts = {"index": index, "label": escape_markdown(label_name), "T": temperature_text(temperature)}
    told = say.provenance(found)
    st.caption(t("soft_labels.setting", provenance=told, epoch=say.epoch_words(epoch), **facts))
    softened_bars(
        key="view_temperature",
        arms=sample_arms(found, index),
        classes=found.classes,
        words=texts_of("bars", BAR_WORDS),
        hard_label=label if label >= 0 else None,
        picture=found.picture(index),
        picture_alt=t("soft_labels.picture", index=index, label=label_name),
        temperature=temperature,
        axis=axis,
        on_change=changed,
    )
    st.markdown(say.sample_explanation(found, index, temperature))
    csv_button(sample_rows(found, index, temperature), key="view_temperature", filename=f"soft-labels-image-{index}")


@st.fragment(key=FRAGMENTS[1])
def matrix(found: stored_logits.StoredLogits, epoch: int | None) -> None:
    temperature = view_temperature()
    place = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        arm = st.segmented_control(
            t("soft_labels.matrix_arm"),
            list(found.logits),
            format_func=lambda name: t(f"roles.{name}"),
            default=next(iter(found.logits)),
            key="matrix_arm",
            required=True,
        )
        log = st.toggle(t("soft_labels.matrix_log"), key="matrix_log")
        hidden = st.toggle(t("soft_labels.matrix_hide_diagonal"), key="matrix_hide_diagonal")
    values = mean_soft_labels(found.logits[arm], found.labels, temperature)
    with place:
        finding = say.matrix_finding(values, found, arm, temperature)
        st.header(finding, anchor=False)
        setting = say.matrix_setting(found, arm, temperature, epoch, hidden and not log)
        st.caption(setting)
    seen = without_diagonal(values) if hidden else values
    rows, columns = t("soft_labels.matrix_rows"), t("soft_labels.matrix_columns")
    plotly_chart_with_downloads(
        matrix_figure(
            seen, found.classes, log=log, x_title=columns, y_title=rows, probability=t("soft_labels.probability")
        ),
        key="matrix",
        rows=matrix_rows(values, found.classes, rows),
        alt=f"{finding} {setting}",
        filename=f"mean-soft-labels-{arm}-T-{temperature_text(temperature, 'inf')}",
    )


main()
