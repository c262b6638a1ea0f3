"""Charts and tables that a reader can take along: CSV and PNG, a text alternative, and the numbers as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import streamlit as st

from pages.parts.text import MISSING, language, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PNG_SCALE = 2
MOST_SETTLED = 400
"""So many charts that never change are kept, in either language and theme."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_bytes(rows: pd.DataFrame) -> bytes:
    """Return the rows as CSV that a spreadsheet opens in any language and never takes for a formula."""
    safe = rows.map(_no_formula).rename(columns=_no_formula)
    return b"\xef\xbb\xbf" + safe.to_csv(index=False, lineterminator="\n").encode()


def csv_button(rows: pd.DataFrame, *, key: str, filename: str) -> None:
    """Offer the rows as CSV; the file is made when somebody asks for it.

    Args:
        rows: everything shown, in full precision; its index is left out.
        key: of the chart or table; the button's is ``<key>_csv``.
        filename: without ending.
    """
    st.download_button(
        t("downloads.csv"),
        lambda: csv_bytes(rows),
        file_name=f"{filename}.csv",
        mime="text/csv",
        key=f"{key}_csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        help=t("downloads.csv_help"),
    )


def table_with_csv(
    rows: pd.DataFrame,
    *,
    key: str,
    filename: str,
    alt: str,
    column_config: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Show rows as a table with a CSV button under it; return what ``st.dataframe`` returns.

    Args:
        rows: the table; its index is left out.
        key: Streamlit key of the table.
        filename: of the CSV, without ending.
        alt: text alternative: what the table is about.
        column_config: as for ``st.dataframe``.
        options: further ones for ``st.dataframe``, such as ``on_select``.
    """
    columns = dict(column_config or {})
    shown = st.dataframe(rows, key=key, hide_index=True, alt=alt, column_config=columns, placeholder=MISSING, **options)
    csv_button(rows, key=key, filename=filename)
    return shown


def plotly_chart_with_downloads(
    fig: Figure,
    *,
    key: str,
    rows: pd.DataFrame,
    alt: str,
    filename: str,
    column_config: Mapping[str, Any] | None = None,
    on_select: Literal["ignore", "rerun"] | Callable[[], None] = "ignore",
    config: Mapping[str, Any] | None = None,
) -> Any:
    """Show a finished chart with PNG (in its own bar), CSV and a table; return what ``st.plotly_chart`` returns.

    Args:
        fig: the chart; title and subtitle stand above it on the page, so that they can be read and translated.
        key: Streamlit key of the chart.
        rows: what the chart shows, in full precision.
        alt: text alternative: the finding and the setting in words.
        filename: of CSV and PNG, without ending.
        column_config: of the table, as for ``st.dataframe``.
        on_select: as for ``st.plotly_chart``.
        config: what differs from ``chart_config``.
    """
    wanted = {**chart_config(filename), **(config or {})}
    selected = st.plotly_chart(_readable(fig), key=key, config=wanted, alt=alt, on_select=on_select)
    _table_below(rows, key, alt, column_config)
    csv_button(rows, key=key, filename=filename)
    return selected


def settled_chart_with_downloads(
    fig: Callable[[], Figure], *, key: str, rows: Callable[[], pd.DataFrame], alt: str, filename: str, settled: str
) -> None:
    """Show a chart that never changes as ``plotly_chart_with_downloads`` does, made once for everybody.

    Args:
        fig: makes the chart.
        key: Streamlit key of the chart.
        rows: makes what the chart shows, in full precision.
        alt: text alternative: the finding and the setting in words.
        filename: of CSV and PNG, without ending.
        settled: text that is equal exactly for equal charts, apart from language and theme.
    """
    _draw_settled(settled, key, alt, filename, language(), st.context.theme.type, fig, rows)
    csv_button(_settled_rows(settled, key, language(), rows), key=key, filename=filename)


@st.cache_data(max_entries=MOST_SETTLED, show_spinner=False)
def _draw_settled(
    settled: str,
    key: str,
    alt: str,
    filename: str,
    language: str,
    theme: str | None,
    _fig: Callable[[], Figure],
    _rows: Callable[[], pd.DataFrame],
) -> None:
    """Streamlit keeps what is drawn here and sends it again: making a Plotly figure takes ten milliseconds and more."""
    st.plotly_chart(_readable(_fig()), key=key, config=chart_config(filename), alt=alt)
    _table_below(_settled_rows(settled, key, language, _rows), key, alt, None)


@st.cache_resource(max_entries=MOST_SETTLED, show_spinner=False)
def _settled_rows(settled: str, key: str, language: str, _rows: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """One table for everybody, which nobody changes."""
    return _rows()


def _table_below(rows: pd.DataFrame, key: str, alt: str, column_config: Mapping[str, Any] | None) -> None:
    with st.expander(t("downloads.table"), key=f"{key}_as_table"):
        columns = dict(column_config or {})
        st.dataframe(rows, key=f"{key}_rows", hide_index=True, alt=alt, column_config=columns, placeholder=MISSING)


def chart_config(filename: str) -> dict[str, Any]:
    """Return Plotly's settings: a visible button for a PNG of twice the size; the wheel belongs to the page."""
    return {
        "displaylogo": False,
        "displayModeBar": True,
        "scrollZoom": False,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
        "toImageButtonOptions": {"format": "png", "filename": filename, "scale": PNG_SCALE},
    }


def _readable(fig: Figure) -> Figure:
    """Give axes and colour scale the theme's text colour: Streamlit's own greys are below 4.5:1 on white."""
    colour = st.get_option(f"theme.{st.context.theme.type or 'light'}.textColor")
    if colour:
        letters = {"color": colour}
        fig.update_layout(font=letters, legend_font=letters, modebar={"color": colour, "activecolor": colour})
        fig.update_coloraxes(colorbar={"tickfont": letters, "title": {"font": letters}})
        for update in (fig.update_xaxes, fig.update_yaxes):
            update(tickfont=letters, title_font=letters)
    return fig


def _no_formula(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
