"""Taking a trained network along: its weights, or plain PyTorch code."""

from __future__ import annotations

from functools import partial

import streamlit as st

from kd_core.export import FORMATS, download_name, export_bytes
from kd_core.results import CellValues, FinishedMember, finished_members
from kd_core.store import StudyRow
from pages.parts.app import engine_ready, store
from pages.parts.text import share_text, t


def export_section(study: StudyRow | None, cell: CellValues | None = None) -> None:
    """Offer the networks of a study, or of one cell of it; the recorded race comes without weights."""
    places = finished_members(store(), study.id, cell) if study else []
    if not places:
        st.info(t("speed.export_none"))
        return
    engine_ready()  # code is written by the engine; the first question warms it up
    by_run = {place.run.id: place for place in places}
    runs = sorted(by_run, key=lambda run: (by_run[run].member.arm != "distilled", by_run[run].member.seed))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run = st.selectbox(
            t("speed.export_network"),
            runs,
            format_func=lambda choice: _label(by_run[choice]),
            key=f"export_run_{study.id if study else ''}",
            width=320,
        )
        format = st.segmented_control(
            t("speed.export_format"),
            list(FORMATS),
            format_func=lambda choice: t(f"speed.format_{choice}"),
            default=next(iter(FORMATS)),
            key="export_format",
            required=True,
        )
        st.download_button(
            t("speed.export"),
            partial(export_bytes, store(), run, format),
            file_name=download_name(run, format),
            key="export_download",
            on_click="ignore",
            type="primary",
        )
    st.caption(t(f"speed.format_{format}_help"))


def _label(place: FinishedMember) -> str:
    accuracy = place.measure("accuracy") or 0.0
    arm = t(f"roles.{place.member.arm}")
    return t("speed.export_label", arm=arm, seed=place.member.seed, accuracy=share_text(accuracy, 1)) + (
        f" · {place.run.id}"  # two networks may agree in all the rest, and the browser sends back words alone
    )
