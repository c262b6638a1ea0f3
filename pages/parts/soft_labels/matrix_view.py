"""The matrix of mean soft labels by class, and what of it is shown."""

from __future__ import annotations

import numpy as np
import streamlit as st

from kd_core.results import StoredLogits, mean_soft_labels
from pages.parts.app import view_temperature
from pages.parts.charts import plotly_chart_with_downloads
from pages.parts.soft_labels import sentences
from pages.parts.soft_labels.matrix import MOST_WRITTEN, matrix_figure, matrix_rows, most_confused, without_diagonal
from pages.parts.text import t, temperature_text


def matrix_view(stored: StoredLogits, epoch: int | None) -> None:
    """Draw the matrix of the network that the reader chooses."""
    if not stored.has_labels:
        st.info(t("own_logits.no_matrix"))
        return
    temperature = view_temperature()
    head = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        arm = st.segmented_control(
            t("soft_labels.matrix_arm"),
            list(stored.logits),
            format_func=lambda name: t(f"roles.{name}"),
            default=next(iter(stored.logits)),
            key="matrix_arm",
            required=True,
        )
        log = st.toggle(t("soft_labels.matrix_log"), key="matrix_log")
        hidden = st.toggle(t("soft_labels.matrix_hide_diagonal"), key="matrix_hide_diagonal")
        count = len(stored.classes)
        whole = count <= MOST_WRITTEN or st.toggle(t("soft_labels.matrix_all", n=count), key="matrix_all")
    values = mean_soft_labels(stored.logits[arm], stored.labels, temperature)
    finding = sentences.matrix_finding(values, stored, arm, temperature)
    setting = sentences.matrix_setting(stored, arm, temperature, epoch, hidden and not log)
    with head:
        st.header(finding, anchor=False)
        st.caption(setting)
    drawn = list(range(count)) if whole else most_confused(values, MOST_WRITTEN)
    if count > MOST_WRITTEN:
        st.caption(t("soft_labels.matrix_zoom") if whole else t("soft_labels.matrix_some", n=len(drawn), all=count))
    seen = (without_diagonal(values) if hidden else values)[np.ix_(drawn, drawn)]
    names = [stored.classes[place] for place in drawn]
    rows, columns, axis = t("soft_labels.matrix_rows"), t("soft_labels.matrix_columns"), t("soft_labels.probability")
    plotly_chart_with_downloads(
        matrix_figure(seen, names, log=log, x_title=columns, y_title=rows, probability=axis),
        key="matrix",
        rows=matrix_rows(values, stored.classes, rows),
        alt=f"{finding} {setting}",
        filename=f"mean-soft-labels-{arm}-T-{temperature_text(temperature, 'inf')}",
    )
