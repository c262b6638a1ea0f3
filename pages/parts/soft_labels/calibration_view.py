"""Reliability at the view temperature: how far the confidence of each network can be trusted, with its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from kd_core.results import Floats, StoredLogits, mean_nll
from kd_core.results.inspection import answers_of, calibration_bins, calibration_error
from pages.parts.app import view_temperature
from pages.parts.charts import ROLES, Role, plotly_chart_with_downloads
from pages.parts.soft_labels.sentences import probability
from pages.parts.text import share_text, t, temperature_text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def calibration_view(stored: StoredLogits) -> None:
    """Draw the reliability diagram of everybody who has labels to be judged by."""
    if not stored.has_labels:
        st.info(t("calibration.no_labels"))
        return
    temperature = view_temperature()
    bins = {
        arm: calibration_bins(answers_of(logits / temperature), stored.labels) for arm, logits in stored.logits.items()
    }
    finding = " ".join(_finding(stored, arm, bins[arm], temperature) for arm in bins)
    labelled = int((stored.labels >= 0).sum())
    setting = t(
        "calibration.setting", T=temperature_text(temperature), n=f"{labelled:,}", bins=len(next(iter(bins.values())))
    )
    st.header(finding, anchor=False)
    st.caption(setting)
    plotly_chart_with_downloads(
        calibration_figure(
            bins, {arm: t(f"roles.{arm}") for arm in bins}, t("calibration.confidence"), t("calibration.accuracy")
        ),
        key="calibration",
        rows=calibration_rows(bins),
        alt=f"{finding} {setting}",
        filename=f"calibration-T-{temperature_text(temperature, 'inf')}",
    )


def calibration_rows(bins: Mapping[str, Floats]) -> pd.DataFrame:
    """Return a row for each network and bin: its limits, images, mean confidence and accuracy."""
    rows = [
        {
            "arm": arm,
            "from": b / len(of_arm),
            "to": (b + 1) / len(of_arm),
            "n": int(n),
            "confidence": sure,
            "accuracy": right,
        }
        for arm, of_arm in bins.items()
        for b, (n, sure, right) in enumerate(of_arm.tolist())
        if n
    ]
    return pd.DataFrame(rows)


def calibration_figure(bins: Mapping[str, Floats], names: Mapping[str, str], x_title: str, y_title: str) -> Figure:
    """Draw accuracy over confidence, bin by bin, beside the line on which both are equal.

    Args:
        bins: by arm, (B, 3): images, mean confidence, accuracy.
        names: of the arms.
        x_title: what confidence is.
        y_title: what accuracy is.
    """
    from plotly import graph_objects as go  # half a second that no first paint should wait for

    figure = go.Figure(
        go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            line={"color": "#808080", "dash": "dot"},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for arm, of_arm in bins.items():
        style, filled = ROLES[_role(arm)], of_arm[of_arm[:, 0] > 0]
        figure.add_scatter(
            x=filled[:, 1],
            y=filled[:, 2],
            customdata=filled[:, 0],
            name=names[arm],
            mode="lines+markers",
            line=style.plotly_line(),
            marker=style.plotly_marker(9),
            hovertemplate="%{x:.3f} → %{y:.3f} (n = %{customdata:.0f})",
        )
    axis = {"range": [0, 1.02], "constrain": "domain"}
    return figure.update_layout(
        xaxis={**axis, "title": x_title},
        yaxis={**axis, "title": y_title},
        height=420,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        legend={"orientation": "h", "y": 1.1},
    )


def _role(arm: str) -> Role:
    return arm if arm in ROLES else "variant"  # type: ignore[return-value]


def _finding(stored: StoredLogits, arm: str, bins: Floats, temperature: float) -> str:
    count = bins[:, 0].sum()
    accuracy, confidence = (float((bins[:, 0] * bins[:, column]).sum() / count) for column in (2, 1))
    gap = confidence - accuracy
    words = "calibration.fits" if abs(gap) < 0.01 else "calibration.over" if gap > 0 else "calibration.under"
    nll = mean_nll(stored.logits[arm], stored.labels, temperature)
    return t(
        words,
        arm=t(f"roles.{arm}"),
        accuracy=share_text(accuracy, 1),
        confidence=share_text(confidence, 1),
        ece=share_text(calibration_error(bins), 1),
        nll=probability(nll),
    )
