"""Below the map: a line through it, all cells as parallel lines, accuracy against size, and everything as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from kd_core.results import SweepCell, SweepResults, as_rows, is_number, ordered, pareto_front, slice_along
from pages.parts.charts import (
    CURVE_WORDS,
    CurveSeries,
    csv_button,
    live_curve,
    plotly_chart_with_downloads,
    table_with_csv,
)
from pages.parts.sweep import charts as charts
from pages.parts.sweep.map_cells import has_grid
from pages.parts.sweep.sentences import Axes, cell_name, gain_text
from pages.parts.text import escape_markdown, t, texts_of, value_text


def more(study: str, alive: bool, sweep: SweepResults, axes: Axes) -> None:
    """Let the person choose one of the further views; none is drawn that is not looked at.

    Args:
        study: its id, for the widgets' keys.
        alive: whether it still trains.
        sweep: its results.
        axes: their words.
    """
    lines = ["line"] if has_grid(sweep) else []
    kinds = [*lines, "parallel", *(["front"] if sweep.sizes_differ else []), "table"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            t("sweep.more"),
            kinds,
            format_func=lambda kind: t(f"sweep.more_{kind}"),
            default=kinds[0],
            key=f"sweep_more_{'_'.join(kinds)}",
            required=True,
        )
        csv_button(pd.DataFrame(as_rows(sweep)), key="sweep_cells", filename="sweep")
    if not lines:
        st.caption(t("sweep.line_random"))
    if kind == "line":
        _line(study, sweep, axes)
    elif kind == "table":
        _table(sweep, axes)
    elif alive:
        st.caption(t("sweep.when_ended"))  # a chart that is made anew with every epoch would blink
    elif kind == "parallel":
        _parallel(sweep, axes)
    else:
        _front(sweep, axes)


def _line(study: str, sweep: SweepResults, axes: Axes) -> None:
    numeric = [path for path in sweep.axes if all(is_number(value) for value in sweep.axes[path])]
    if not numeric:
        st.caption(t("sweep.no_numbers"))
        return
    along, fixed = _choose_line(study, sweep, numeric, axes)
    cells = slice_along(sweep, along, fixed)
    if not cells:
        st.caption(t("sweep.no_cells"))
        return
    held = " · ".join(f"{axes[path].title} {value_text(value)}" for path, value in fixed.items())
    highest = max(cells, key=lambda cell: cell.gain or 0.0)
    title = t(
        "sweep.line_finding", axis=axes[along].title, value=value_text(highest.values[along]), gain=gain_text(highest)
    )
    banded = all(cell.interval is not None for cell in cells)
    band = t("sweep.line_band") if banded else t("sweep.line_no_band")
    live_curve(
        key="sweep_line",
        series=line_series(cells, along),
        words=texts_of("curve", CURVE_WORDS),
        x_title=axes[along].full,
        y_title=t("sweep.gain_axis"),
        x_range=(min(map(float, sweep.axes[along])), max(map(float, sweep.axes[along]))),
        title=title,
        subtitle=" · ".join(filter(None, [held, t("sweep.split"), t("study.seeds", n=highest.n), band])),
        height=300,
    )


def line_series(cells: Sequence[SweepCell], along: str) -> list[CurveSeries]:
    """Return mean gain with its interval along an axis, above the student alone, which is 0 by definition."""
    x = [float(cell.values[along]) for cell in cells]
    gains = [cell.gain or 0.0 for cell in cells]
    bands = [cell.interval for cell in cells if cell.interval is not None]
    band = ([low for low, _ in bands], [high for _, high in bands]) if len(bands) == len(cells) else (None, None)
    return [
        CurveSeries("alone", t("roles.alone"), [x[0], x[-1]], [0.0, 0.0]),
        CurveSeries("distilled", t("roles.distilled"), x, gains, *band),
    ]


def _choose_line(study: str, sweep: SweepResults, numeric: Sequence[str], axes: Axes) -> tuple[str, dict[str, Any]]:
    """Return which axis the line follows and what the others are held at."""
    columns = st.columns(max(2, min(4, len(sweep.axes))))
    along = columns[0].selectbox(
        t("sweep.along"), numeric, format_func=lambda path: axes[path].full, key=f"sweep_along_{study}"
    )
    fixed: dict[str, Any] = {}
    for place, path in enumerate(path for path in sweep.axes if path != along):
        values = ordered(sweep.axes[path])
        start = values.index(sweep.best.values[path]) if sweep.best is not None else len(values) // 2
        fixed[path] = columns[(1 + place) % len(columns)].selectbox(
            axes[path].full, values, index=start, format_func=value_text, key=f"sweep_line_{study}_{path}"
        )
    return along, fixed


def _parallel(sweep: SweepResults, axes: Axes) -> None:
    st.markdown(f"**{t('sweep.parallel_title', n=len(sweep.cells))}**")
    st.caption(t("sweep.parallel_note"))
    plotly_chart_with_downloads(
        charts.parallel_figure(sweep, axes),
        key="sweep_parallel",
        rows=charts.cell_rows(sweep, axes),
        alt=t("sweep.parallel_alt", n=len(sweep.cells)),
        filename="sweep-parallel",
    )


def _front(sweep: SweepResults, axes: Axes) -> None:
    names = [cell_name(cell, axes) for cell in pareto_front(sweep.cells)]
    finding = t("sweep.front_finding", n=len(names), all=len(sweep.cells))
    st.markdown(f"**{escape_markdown(finding)}**")
    st.caption(t("sweep.front_note"))
    plotly_chart_with_downloads(
        charts.front_figure(sweep, axes),
        key="sweep_front",
        rows=charts.cell_rows(sweep, axes),
        alt=f"{finding} {'; '.join(names)}",
        filename="sweep-front",
    )


def _table(sweep: SweepResults, axes: Axes) -> None:
    rows = charts.cell_rows(sweep, axes)
    table_with_csv(rows, key="sweep_table", filename="sweep", alt=t("sweep.table_alt", n=len(rows)))
