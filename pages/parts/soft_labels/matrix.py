"""The matrix of mean soft labels: its numbers as rows, and its heat map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kd_core.results import Floats
from pages.parts.text import escape_html

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

DECADES: Final = 6
"""The log scale begins at 10⁻⁶; what is smaller has the same colour and tells its value on hover."""
MOST_WRITTEN: Final = 20
"""With more classes than this the cells are too small for values; hover, table and CSV have them."""
TURN: Final = 0.47
"""Where cividis is bright enough for black letters: on both sides of it the contrast is above 4.5."""
_POWERS: Final = "⁰¹²³⁴⁵⁶"


def without_diagonal(matrix: Floats) -> Floats:
    """Return a copy whose diagonal is NaN."""
    return np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)


def strongest_pair(matrix: Floats) -> tuple[int, int, float] | None:
    """Return label, other class and mean probability of the largest cell off the diagonal; None where all are equal."""
    others = without_diagonal(matrix)
    finite = others[np.isfinite(others)]
    if not finite.size or np.ptp(finite) < 1e-9:
        return None
    label, other = np.unravel_index(np.nanargmax(others), others.shape)
    return int(label), int(other), float(others[label, other])


def most_confused(matrix: Floats, count: int) -> list[int]:
    """Return the classes, in their own order, that take part in the largest cells off the diagonal.

    Args:
        matrix: (K, K), row = label.
        count: how many at most.
    """
    others = np.nan_to_num(without_diagonal(matrix), nan=-1.0)
    chosen: dict[int, None] = {}
    for place in np.argsort(-others, axis=None, kind="stable"):
        pair = dict.fromkeys(int(k) for k in np.unravel_index(place, others.shape))
        if len(chosen | pair) > count:
            break
        chosen |= pair
    return sorted(chosen)


def matrix_rows(matrix: Floats, classes: Sequence[str], corner: str) -> pd.DataFrame:
    """Return one row per label: its name under ``corner``, then the mean probability of every class."""
    while corner in classes:
        corner += " "
    return pd.DataFrame({corner: list(classes), **{name: matrix[:, k] for k, name in enumerate(classes)}})


def matrix_figure(
    matrix: Floats, classes: Sequence[str], *, log: bool, x_title: str, y_title: str, probability: str
) -> Figure:
    """Draw a heat map with the value in each cell; colours run from 0 to 1, or to the largest value without diagonal.

    Args:
        matrix: (K, K), row = label; NaN cells stay empty.
        classes: K names, in the order drawn.
        log: colours by decades, so that small values can be told apart.
        x_title: what the columns are.
        y_title: what the rows are.
        probability: the word beside the colour scale.
    """
    from plotly import graph_objects as go  # half a second that no first paint should wait for

    places = [str(place) for place in range(len(classes))]
    # An axis of categories thins its labels where they have no room and shows more when somebody zooms in.
    names = {place: escape_html(_short(name)) for place, name in zip(places, classes, strict=True)}
    full = np.array([escape_html(name) for name in classes])
    axis = {"type": "category", "labelalias": names, "showgrid": False, "zeroline": False, "constrain": "domain"}
    if len(classes) <= MOST_WRITTEN:
        axis["dtick"] = 1
    shades = _coloured(matrix, log)
    low, high = _range(matrix, log)
    text = np.array([[_cell(float(p)) for p in row] for row in matrix], dtype=object)
    shared = {
        "coloraxis": "coloraxis",
        "texttemplate": "%{text}" if len(classes) <= MOST_WRITTEN else None,
        "customdata": np.dstack([*np.meshgrid(full, full), np.vectorize(lambda p: f"{p:.3g}")(matrix)]),
        "hovertemplate": "%{customdata[1]} → %{customdata[0]}: %{customdata[2]}<extra></extra>",
        "hoverongaps": False,
        "x": places,
        "y": places,
        **({"xgap": 1, "ygap": 1} if len(classes) <= 2 * MOST_WRITTEN else {}),
    }
    # Two layers, since one has a single colour of letters, and Plotly's own choice is too faint in the middle.
    dark = shades < low + TURN * (high - low)
    layers = [
        go.Heatmap(z=_only(where, shades), text=_only(where, text, ""), textfont_color=colour, **shared)
        for where, colour in ((dark, "white"), (~dark, "black"))
    ]
    colours = {"cmin": low, "cmax": high, "colorscale": "Cividis", "colorbar": _bar(log, probability)}
    frame = {"xaxis": {**axis, "title": x_title}, "yaxis": {**axis, "title": y_title, "autorange": "reversed"}}
    height = 460 if len(classes) <= MOST_WRITTEN else 680
    margin = {"l": 10, "r": 10, "t": 30, "b": 10}
    return go.Figure(
        layers,
        {**frame, "coloraxis": colours, "margin": margin, "height": height},
    )


def _only(where: NDArray[np.bool_], values: NDArray[Any], other: Any = np.nan) -> NDArray[Any]:
    return np.where(where, values, other)


def _coloured(matrix: Floats, log: bool) -> Floats:
    return np.log10(np.maximum(matrix, 10.0**-DECADES)) if log else matrix


def _range(matrix: Floats, log: bool) -> tuple[float, float]:
    if log:
        return -DECADES, 0.0
    whole = bool(np.isfinite(np.diag(matrix)).any()) or not np.isfinite(matrix).any()
    return 0.0, 1.0 if whole else float(np.nanmax(matrix))


def _bar(log: bool, probability: str) -> dict[str, Any]:
    bar: dict[str, Any] = {"title": {"text": probability, "side": "right"}, "thickness": 12}
    powers = list(range(-DECADES, 1))
    return {**bar, "tickvals": powers, "ticktext": [_power(p) for p in powers]} if log else bar


def _power(exponent: int) -> str:
    return "1" if exponent == 0 else f"10⁻{_POWERS[-exponent]}"


def _cell(p: float) -> str:
    if np.isnan(p):
        return ""
    if p >= 0.995:
        return "1"
    return f"{p:.2f}".lstrip("0") if p >= 0.005 else f"{p:.0e}".replace("e-0", "e-") if p > 0 else "0"


def _short(name: str, most: int = 14) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
