"""What a method tells beside the curves of its student: exits, where both networks look, what was copied, who pulls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from kd_core.results import CellValues, mean_sd, recipe_of
from kd_core.store import EpochRow, MemberRow, NoteRow, RunRow, StudyRow
from pages.parts.app import store
from pages.parts.charts import CurveSeries, Role, plotly_chart_with_downloads, table_with_csv
from pages.parts.protocol_panels import Panel, heading, newest, panel_curve, seeds_text
from pages.parts.text import percent_of, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

DEPTHS = ("early", "middle", "late")
SHOWN = 6
DISTILLED = "#D55E00"


def method_view(
    row: StudyRow,
    cell: CellValues | None,
    members: Sequence[MemberRow],
    runs: Mapping[int, RunRow],
    rows: Sequence[EpochRow],
) -> None:
    """Show what the distilled student's method told, where it told anything."""
    panel = panel_of(row, cell, members, runs, rows)
    told = panel.notes()
    by_subject = {
        subject: {run: mine for run, notes in told.items() if (mine := [n for n in notes if n.subject == subject])}
        for subject in ("exits", "pictures", "copied")
    }
    with st.container(key="method_view"):
        if by_subject["copied"]:
            _copied(next(iter(by_subject["copied"].values()))[-1])
        if by_subject["exits"]:
            _exits(panel, by_subject["exits"])
        if by_subject["pictures"]:
            _pictures(next(reversed(by_subject["pictures"].values()))[-1])


def panel_of(
    row: StudyRow,
    cell: CellValues | None,
    members: Sequence[MemberRow],
    runs: Mapping[int, RunRow],
    rows: Sequence[EpochRow],
) -> Panel:
    """Return what the charts of a method are drawn from."""
    return Panel(row.id, cell, recipe_of(row), members, runs, rows, row.alive)


def share_lines(panel: Panel) -> list[CurveSeries]:
    """Return how much of the gradient is each term's, over the epochs of the newest distilled student."""
    begun = [run for run in panel.runs_of("distilled") if run.id in panel.accuracies]
    if not begun:
        return []
    mine = [row for row in panel.rows if row.run == begun[-1].id and row.shares]
    names = list(mine[0].shares or {}) if mine else []
    x = [float(row.epoch + 1) for row in mine]
    lines = []
    for place, name in enumerate(sorted(names, key=lambda one: one == "labels")):
        role: Role = "distilled" if place == 0 else "alone" if name == "labels" else "variant"
        values = [(row.shares or {}).get(name, 0.0) for row in mine]
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


def _copied(note: NoteRow) -> None:
    facts = note.facts
    share = 100 * facts["numbers"] / max(1, facts["of"])
    names = ", ".join(facts["tensors"]) or t("method_view.copied_nothing")
    st.caption(t("method_view.copied", count=len(facts["tensors"]), share=f"{share:.0f}", names=names))


def _exits(panel: Panel, told: Mapping[str, Sequence[NoteRow]]) -> None:
    """Show accuracy against milliseconds of every exit, over the seeds."""
    runs = [run for run in panel.reported("distilled") if run.id in told]
    if not runs:
        return
    last = [newest(run, told[run.id]).facts for run in runs]
    rows = _exit_rows(last, [facts for run in runs for facts in [told[run.id][-1].facts]])
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


def _exit_rows(last: Sequence[Mapping[str, Any]], ends: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for place, exit_ in enumerate(last[0]["exits"]):
        values = [facts["test"][place] for facts in last]
        row: dict[str, Any] = {"exit": t(f"method_view.exit_{exit_}"), "accuracy": percent_of(values)}
        timed = [facts["latency_ms"][place] for facts in ends if "latency_ms" in facts]
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
        line={"color": DISTILLED, "dash": "dashdot"},
        marker={"symbol": "circle", "size": 10, "color": DISTILLED},
        hovertemplate="%{text}<br>%{y:.1%}, %{x:.3g} ms<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(title=t("method_view.exit_ms"), rangemode="tozero")
    figure.update_yaxes(title=t("race.accuracy_axis"), tickformat=".1%")
    figure.update_layout(height=300, margin={"l": 10, "r": 10, "t": 10, "b": 10})
    return figure


def _pictures(note: NoteRow) -> None:
    """Show for a few test images where teacher and student look, at every depth."""
    found = store().files.note(note.run, note.subject, note.epoch)
    depths = [depth for depth in DEPTHS if found and f"student_{depth}" in found]
    if not found or not depths:
        return
    heading(t("method_view.attention"), t("method_view.attention_note", epoch=note.epoch + 1, n=SHOWN))
    source = store().files.source(store().runs.get(note.run).source or "")
    if source is not None:
        grey = source[0]["images"][:SHOWN].mean(1).astype(np.uint8)
        st.image(_side_by_side(grey), caption=t("method_view.attention_images"), width=48 * SHOWN)
    for depth in depths:
        st.caption(t(f"method_view.depth_{depth}"))
        for who in ("teacher", "student"):
            if f"{who}_{depth}" in found:
                name = t("roles.teacher" if who == "teacher" else "roles.distilled")
                st.image(_side_by_side(found[f"{who}_{depth}"][:SHOWN]), caption=name, width=48 * SHOWN)


def _side_by_side(pictures: NDArray[np.uint8], size: int = 48) -> NDArray[np.uint8]:
    """Return grey pictures (N, H, W) next to each other, every pixel a square, with a light line between."""
    tiles = []
    for picture in pictures:
        factor = max(1, size // max(picture.shape))
        tile = np.kron(picture, np.ones((factor, factor), np.uint8))
        padded = np.zeros((size, size), np.uint8)
        padded[: tile.shape[0], : tile.shape[1]] = tile[:size, :size]
        tiles += [padded, np.full((size, 2), 160, np.uint8)]
    return np.concatenate(tiles[:-1], axis=1)
