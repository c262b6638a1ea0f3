"""A batch of test images in the lab: the loss with its numbers, and how hard each term pulls at every temperature."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from kd_core.logit_losses import (
    LossForm,
    TemperaturePulls,
    evenly_spread,
    loss_terms,
    pulls_over_temperature,
    usable_images,
)
from kd_core.results import Floats, StoredLogits
from pages.parts.charts import plotly_chart_with_downloads
from pages.parts.loss_lab import sentences
from pages.parts.loss_lab.formula import with_numbers
from pages.parts.loss_lab.run_form import RunForm, form_in_link
from pages.parts.loss_lab.temperature_chart import LINES, TEMPERATURES, distance_figure, pull_figure, pull_rows
from pages.parts.samples import epoch_words, provenance
from pages.parts.text import t

MOST_IMAGES: Final = 1000
"""With more test images so many of them, evenly spread, stand for all."""
MOST_KEPT: Final = 64


def batch_view(stored: StoredLogits, arm: str, epoch: int | None, run: RunForm) -> None:
    """Draw the loss in numbers and the pulls over temperature.

    Args:
        stored: what the networks say about the test images.
        arm: whose logits are moved.
        epoch: from 0; None for the reported one.
        run: the loss that the run was trained with.
    """
    form = form_in_link(run.form)
    chosen = _chosen(stored, arm)
    if not len(chosen):
        st.info(t("loss_lab.all_broken"))
        return
    teacher, student, labels = stored.logits["teacher"][chosen], stored.logits[arm][chosen], stored.labels[chosen]
    pulls = TemperaturePulls(**_pulls(form.to_json(), teacher, student, labels))
    terms = loss_terms(form, teacher, student, labels)
    finding = sentences.batch_finding(form, pulls)
    facts = {"arm": t(f"roles.{arm}"), "n": len(chosen), "all": len(stored.labels), "epoch": epoch_words(epoch)}
    setting = t("loss_lab.batch_setting", provenance=provenance(stored), **facts)
    st.header(finding, anchor=False)
    st.caption(setting)
    means = {name: float(term.value.mean()) for name, term in terms.items()}
    st.latex(with_numbers(form, student.shape[-1], means["labels"], means["teacher"]))
    st.caption(t("loss_lab.formula_note", n=len(chosen)))
    _charts(form, pulls, f"{finding} {setting}", setting)


def _charts(form: LossForm, pulls: TemperaturePulls, alt: str, setting: str) -> None:
    words = {key: t(f"loss_lab.line_{key}") for key in (*LINES, "temperature", "pull", "distance")}
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**{t('loss_lab.pulls_title')}**")
        figure = pull_figure(pulls, form.temperature, words)
        rows = pull_rows(pulls)
        plotly_chart_with_downloads(figure, key="loss_lab_pulls", rows=rows, alt=alt, filename="pull-over-temperature")
    with right:
        title = sentences.limit_finding(form, pulls)
        st.markdown(f"**{title}**")
        figure = distance_figure(pulls, form.temperature, words)
        plotly_chart_with_downloads(
            figure,
            key="loss_lab_limit",
            rows=rows[["temperature", "distance_from_limit", "images"]],
            alt=f"{title} {setting}",
            filename="distance-from-centred-logits",
        )
    st.caption(t("loss_lab.limit_note"))


def _chosen(stored: StoredLogits, arm: str) -> NDArray[np.intp]:
    """Return the images that are counted: all on which both networks gave numbers, or a part of many."""
    usable = np.flatnonzero(usable_images(stored.logits["teacher"], stored.logits[arm]))
    chosen: NDArray[np.intp] = usable[evenly_spread(len(usable), MOST_IMAGES)]
    return chosen


@st.cache_data(max_entries=MOST_KEPT, show_spinner=False)
def _pulls(form: dict[str, object], teacher: Floats, student: Floats, labels: NDArray[np.int64]) -> dict[str, Any]:
    """Kept as plain numbers and arrays: after a reload of code a kept object would be of another class."""
    return vars(pulls_over_temperature(LossForm.from_json(form), teacher, student, labels, TEMPERATURES))
