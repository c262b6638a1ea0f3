"""The matrix of mean soft labels by class, and what of it is shown."""

from __future__ import annotations

import streamlit as st

from kd_core.results import StoredLogits, mean_soft_labels
from pages.parts.app import view_temperature
from pages.parts.charts import plotly_chart_with_downloads
from pages.parts.soft_labels import sentences
from pages.parts.soft_labels.matrix import matrix_figure, matrix_rows, without_diagonal
from pages.parts.text import t, temperature_text


def matrix_view(stored: StoredLogits, epoch: int | None) -> None:
    """Draw the matrix of the network that the reader chooses."""
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
    values = mean_soft_labels(stored.logits[arm], stored.labels, temperature)
    finding = sentences.matrix_finding(values, stored, arm, temperature)
    setting = sentences.matrix_setting(stored, arm, temperature, epoch, hidden and not log)
    with head:
        st.header(finding, anchor=False)
        st.caption(setting)
    seen = without_diagonal(values) if hidden else values
    rows, columns, axis = t("soft_labels.matrix_rows"), t("soft_labels.matrix_columns"), t("soft_labels.probability")
    plotly_chart_with_downloads(
        matrix_figure(seen, stored.classes, log=log, x_title=columns, y_title=rows, probability=axis),
        key="matrix",
        rows=matrix_rows(values, stored.classes, rows),
        alt=f"{finding} {setting}",
        filename=f"mean-soft-labels-{arm}-T-{temperature_text(temperature, 'inf')}",
    )
