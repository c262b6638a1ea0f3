"""What a method tells beside the curves of its student: exits, where both networks look, what was copied, who pulls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from kd_core.notes import AttentionMaps, CopiedLayers, ExitAccuracies, Note
from kd_core.results import mean_sd
from kd_core.store import NoteRow
from pages.parts.app import store
from pages.parts.charts import ROLES, CurveSeries, Role, plotly_chart_with_downloads, sheet, table_with_csv
from pages.parts.protocol_panels import Panel, heading, newest, panel_curve, seeds_text
from pages.parts.text import percent_of, t

if TYPE_CHECKING:
    from PIL import Image
    from plotly.graph_objects import Figure

DEPTHS = ("early", "middle", "late")
SHOWN = 6


def method_view(panel: Panel) -> None:
    """Show what the distilled student's method told, where it told anything."""
    by_run = panel.notes()
    exits, maps, copied = (_of_subject(by_run, kind) for kind in (ExitAccuracies, AttentionMaps, CopiedLayers))
    with st.container(key="method_view"):
        if copied:
            _copied(CopiedLayers.from_facts(next(iter(copied.values()))[-1].facts))
        if exits:
            _exits(panel, exits)
        if maps:
            _attention_maps(next(reversed(maps.values()))[-1])


def _of_subject(by_run: Mapping[str, Sequence[NoteRow]], kind: type[Note]) -> dict[str, list[NoteRow]]:
    """Return the notes about one subject, of the runs that have any."""
    rows = {run: [note for note in notes if note.subject == kind.subject] for run, notes in by_run.items()}
    return {run: notes for run, notes in rows.items() if notes}


def share_lines(panel: Panel) -> list[CurveSeries]:
    """Return how much of the gradient is each term's, over the epochs of the newest distilled student."""
    begun = [run for run in panel.runs_of("distilled") if run.id in panel.accuracies]
    if not begun:
        return []
    rows = [row for row in panel.rows if row.run == begun[-1].id and row.shares]
    names = list(rows[0].shares or {}) if rows else []
    x = [float(row.epoch + 1) for row in rows]
    lines = []
    for place, name in enumerate(sorted(names, key=lambda term: term == "labels")):
        role: Role = "distilled" if place == 0 else "alone" if name == "labels" else "variant"
        values = [(row.shares or {}).get(name, 0.0) for row in rows]
        lines.append(CurveSeries(role, _term(name), x, values, variant=max(0, place - 1) if role == "variant" else 0))
    return lines


def share_curve(panel: Panel) -> None:
    """Draw the shares of the gradient, or say that there are none yet."""
    lines = share_lines(panel)
    if not lines:
        st.caption(t("method_view.no_shares"))
        return
    ends = ", ".join(f"{line.name} {100 * line.y[-1]:.0f} %" for line in lines)
    title, axis = t("method_view.shares_finding", ends=ends), t("method_view.share")
    panel_curve(panel, "shares", lines, title, t("method_view.shares_note"), axis, y_range=(0, 1), percent=True)


def _term(name: str) -> str:
    return name.replace("_", " ")


def _copied(note: CopiedLayers) -> None:
    share = 100 * note.numbers / max(1, note.of)
    names = ", ".join(note.tensors) or t("method_view.copied_nothing")
    st.caption(t("method_view.copied", count=len(note.tensors), share=f"{share:.0f}", names=names))


def _exits(panel: Panel, by_run: Mapping[str, Sequence[NoteRow]]) -> None:
    """Show accuracy against milliseconds of every exit, over the seeds."""
    runs = [run for run in panel.reported("distilled") if run.id in by_run]
    if not runs:
        return
    reported = [ExitAccuracies.from_facts(newest(run, by_run[run.id]).facts) for run in runs]
    rows = _exit_rows(reported, [ExitAccuracies.from_facts(by_run[run.id][-1].facts) for run in runs])
    first, end = rows[0], rows[-1]
    facts = {"exit": first["exit"], "first": first["accuracy"], "end": end["accuracy"]}
    quick = "ms" in first
    title = t("method_view.exits_finding" if quick else "method_view.exits_finding_untimed", **facts, **_faster(rows))
    heading(title, t("method_view.exits_setting", seeds=seeds_text(len(runs))))
    frame = pd.DataFrame(rows)
    if quick:
        plotly_chart_with_downloads(exit_chart(frame), rows=frame, key="method_exits", filename="exits", alt=title)
    else:
        table_with_csv(frame, key="method_exits", filename="exits", alt=title)


def _exit_rows(reported: Sequence[ExitAccuracies], last: Sequence[ExitAccuracies]) -> list[dict[str, Any]]:
    rows = []
    for place, exit_ in enumerate(reported[0].exits):
        values = [note.test[place] for note in reported]
        row: dict[str, Any] = {"exit": t(f"method_view.exit_{exit_}"), "accuracy": percent_of(values)}
        timed = [note.latency_ms[place] for note in last if note.latency_ms is not None]
        if timed:
            row["ms"] = float(np.median(timed))
        rows.append({**row, "mean": mean_sd(values).mean, "sd": mean_sd(values).sd or 0.0})
    return rows


def _faster(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {"times": f"{rows[-1]['ms'] / max(rows[0]['ms'], 1e-9):.1f}"} if "ms" in rows[0] else {}


def exit_chart(rows: pd.DataFrame) -> Figure:
    """Return test accuracy (mean ± sd over seeds) of every exit against the milliseconds one image takes to it."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_scatter(
        x=rows["ms"],
        y=rows["mean"],
        error_y={"type": "data", "array": rows["sd"]},
        text=rows["exit"],
        textposition="bottom right",
        mode="lines+markers+text",
        line=ROLES["distilled"].plotly_line(),
        marker=ROLES["distilled"].plotly_marker(10),
        hovertemplate="%{text}<br>%{y:.1%}, %{x:.3g} ms<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(title=t("method_view.exit_ms"), rangemode="tozero")
    figure.update_yaxes(title=t("race.accuracy_axis"), tickformat=".1%")
    figure.update_layout(height=300, margin={"l": 10, "r": 10, "t": 10, "b": 10})
    return figure


def _attention_maps(note: NoteRow) -> None:
    """Show for a few test images where teacher and student look, at every depth."""
    maps = store().files.note(note.run, note.subject, note.epoch)
    depths = [depth for depth in DEPTHS if maps and f"student_{depth}" in maps]
    if not maps or not depths:
        return
    heading(t("method_view.attention"), t("method_view.attention_note", epoch=note.epoch + 1, n=SHOWN))
    source = store().files.source(store().runs.get(note.run).source or "")
    if source is not None:
        grey = source[0]["images"][:SHOWN].mean(1).astype(np.uint8)
        st.image(_in_a_row(grey), caption=t("method_view.attention_images"), width=48 * SHOWN)
    for depth in depths:
        st.caption(t(f"method_view.depth_{depth}"))
        for who in ("teacher", "student"):
            if f"{who}_{depth}" in maps:
                name = t("roles.teacher" if who == "teacher" else "roles.distilled")
                st.image(_in_a_row(maps[f"{who}_{depth}"][:SHOWN]), caption=name, width=48 * SHOWN)


def _in_a_row(pictures: NDArray[np.uint8]) -> Image.Image:
    return sheet(pictures, columns=len(pictures), gap=2, between=(160, 160, 160))
