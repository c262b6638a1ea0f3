"""Figures of a report: lines with bands, differences with intervals, and maps, each a function from rows to SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pages.parts.charts import ROLES, CurveSeries, MapAxis, MapCell, Role, round_ticks
from pages.parts.report.drawing import drawing, letters, mark, path, width_of

WIDTH, HEIGHT = 720.0, 340.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 16.0, 34.0, 44.0
ROW = 26.0
LOSS, ZERO, GAIN = (191, 129, 45), (245, 245, 245), (53, 151, 143)
"""The colours of a map, as in the browser: at the largest loss, at 0, and at the largest gain."""
CELL_LETTERS = "#111111"

Place = Callable[[float, float], tuple[float, float]]
"""From two values to a point of the drawing."""


@dataclass(frozen=True)
class Difference:
    """One row of a chart of differences.

    Args:
        name: on the left.
        value: in percentage points.
        low: end of the interval; None where there is none.
        high: the other end.
        role: how it is drawn.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    role: Role = "distilled"


def lines_figure(
    lines: Sequence[CurveSeries],
    x_title: str,
    y_title: str,
    y_range: tuple[float, float],
    title: str,
    percent: bool = True,
) -> str:
    """Return curves over the epochs, each with its band, dash and mark.

    Args:
        lines: as the page draws them.
        x_title: what x counts.
        y_title: what y is, with split and unit.
        y_range: the axis.
        title: the text alternative.
        percent: whether y is a fraction, told in percent.
    """
    last = max((line.x[-1] for line in lines if line.x), default=1.0)

    def place(x: float, y: float) -> tuple[float, float]:
        share = (y - y_range[0]) / ((y_range[1] - y_range[0]) or 1.0)
        return LEFT + (WIDTH - LEFT - RIGHT) * x / last, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    factor = 100 if percent else 1
    parts = [mark("defs", mark("clipPath", _plot(), id="plot"))]
    for tick in round_ticks(y_range):
        _, y = place(0, tick)
        parts += [_grid(LEFT, y, WIDTH - RIGHT, y), letters(f"{factor * tick:g}", LEFT - 6, y + 4, "end")]
    for tick in round_ticks((0.0, last)):
        x, _ = place(tick, y_range[0])
        parts.append(letters(f"{tick:g}", x, HEIGHT - BOTTOM + 18, "middle"))
    parts.append(letters(y_title, 4, 14, opacity=0.75))
    parts.append(letters(x_title, WIDTH - RIGHT, HEIGHT - 8, "end", opacity=0.75))
    drawn = [piece for line in lines for piece in _line(line, place)]
    parts.append(mark("g", *drawn, clip_path="url(#plot)") if drawn else "")
    return drawing(WIDTH, HEIGHT, [*parts, *_legend(lines)], title)


def _plot() -> str:
    return mark("rect", x=LEFT, y=TOP - 5, width=WIDTH - LEFT - RIGHT + 6, height=HEIGHT - TOP - BOTTOM + 10)


def _line(line: CurveSeries, place: Place) -> list[str]:
    style, opacity = ROLES[line.role], 0.6**line.variant
    at = [place(x, y) for x, y in zip(line.x, line.y, strict=True)]
    parts = []
    if line.low is not None and line.high is not None:
        low, high = ([place(x, y) for x, y in zip(line.x, side, strict=True)] for side in (line.low, line.high))
        around = [point for point in [*high, *reversed(low)] if all(map(math.isfinite, point))]
        parts.append(mark("path", d=f"{path(around)}Z", fill=style.colour, fill_opacity=0.14 * opacity))
    stroke = {"fill": "none", "stroke": style.colour, "stroke_width": 2.2, "stroke_opacity": opacity}
    parts.append(mark("path", d=path(at), stroke_dasharray=style.dash or "none", **stroke))
    ends = [point for point in at if all(map(math.isfinite, point))][-1:]
    parts += [mark("path", d=f"M{x:.1f} {y:.1f}{style.marker}", fill=style.colour) for x, y in ends]
    return parts


def _legend(lines: Sequence[CurveSeries]) -> list[str]:
    parts, x = [], LEFT
    for line in lines:
        if line.variant:
            continue
        style = ROLES[line.role]
        dash = style.dash or "none"
        parts.append(mark("path", d=f"M{x} 26h30", stroke=style.colour, stroke_width=2.2, stroke_dasharray=dash))
        parts.append(mark("path", d=f"M{x + 15} 26{style.marker}", fill=style.colour))
        parts.append(letters(line.name, x + 36, 30))
        x += 56 + width_of(line.name)
    return parts


def differences_figure(rows: Sequence[Difference], x_title: str, title: str) -> str:
    """Return a row for each difference with its interval; hollow where the interval holds 0, or where there is none.

    Args:
        rows: from top to bottom, at least one.
        x_title: what is measured, with unit.
        title: the text alternative.
    """
    left = min(WIDTH / 2, 24 + max(width_of(row.name) for row in rows))
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None and math.isfinite(end)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    margin = 0.06 * ((high - low) or 1.0)
    low, high = low - margin, high + margin
    height = 12 + ROW * len(rows) + BOTTOM

    def place(value: float) -> float:
        return left + (WIDTH - left - RIGHT) * (value - low) / (high - low)

    parts = []
    for tick in round_ticks((low, high)):
        parts.append(_grid(place(tick), 6, place(tick), height - BOTTOM))
        parts.append(letters(f"{tick:+g}" if tick else "0", place(tick), height - BOTTOM + 18, "middle"))
    zero = {"stroke": ROLES["alone"].colour, "stroke_width": 2, "stroke_dasharray": "2 4"}
    parts.append(mark("path", d=f"M{place(0.0):.1f} 6V{height - BOTTOM:.1f}", **zero))
    for number, row in enumerate(rows):
        parts += _difference(row, place, 12 + ROW * (number + 0.5), left)
    parts.append(letters(x_title, WIDTH - RIGHT, height - 8, "end", opacity=0.75))
    return drawing(WIDTH, height, parts, title)


def _difference(row: Difference, place: Callable[[float], float], y: float, left: float) -> list[str]:
    x, style = place(row.value), ROLES[row.role]
    parts = [letters(row.name, left - 12, y + 4, "end")]
    sure = row.low is not None and row.high is not None and not row.low <= 0 <= row.high
    if row.low is not None and row.high is not None:
        a, b = place(row.low), place(row.high)
        line = f"M{a:.1f} {y - 5:.1f}v10m0-5H{b:.1f}m0-5v10"
        parts.append(mark("path", d=line, fill="none", stroke=style.colour, stroke_width=2))
    fill = style.colour if sure else "none"
    return [*parts, mark("path", d=f"M{x:.1f} {y:.1f}{style.marker}", fill=fill, stroke=style.colour, stroke_width=1.5)]


def map_figure(x: MapAxis, y: MapAxis, cells: Sequence[MapCell], limit: float, title: str) -> str:
    """Return a map of gains, each written in its cell; hatched where the interval holds 0, rimmed where chosen.

    Args:
        x: the axis to the right, ``y`` upwards; axes with shares make points instead of cells.
        cells: at least one.
        limit: the gain, in points, at which the colours end.
        title: the text alternative.
    """
    left = 24 + max(width_of(label) for label in y.labels)
    columns, rows = len(x.labels), len(y.labels)
    scatter = x.shares is not None
    wide, high = ((WIDTH - left - RIGHT) / columns, 44.0)
    height = TOP + (300.0 if scatter else high * rows) + BOTTOM
    parts = [mark("defs", _hatch()), letters(y.title, 4, 14, opacity=0.75)]
    parts.append(letters(x.title, WIDTH - RIGHT, height - 8, "end", opacity=0.75))

    def place(cx: float, cy: float) -> tuple[float, float]:
        if scatter:
            return left + 24 + (WIDTH - left - RIGHT - 48) * cx, height - BOTTOM - 20 - 260 * cy
        return left + wide * (cx + 0.5), height - BOTTOM - high * (cy + 0.5)

    for number, label in enumerate(x.labels):
        at = place(x.shares[number] if x.shares else number, 0)[0]
        parts.append(letters(label, at, height - BOTTOM + 18, "middle"))
    for number, label in enumerate(y.labels):
        at = place(0, y.shares[number] if y.shares else number)[1]
        parts.append(letters(label, left - 8, at + 4, "end"))
    size = (44.0, 26.0) if scatter else (wide - 3, high - 3)
    return drawing(WIDTH, height, [*parts, *(p for cell in cells for p in _cell(cell, place, size, limit))], title)


def _cell(cell: MapCell, place: Place, size: tuple[float, float], limit: float) -> list[str]:
    (x, y), (width, height) = place(cell.x, cell.y), size
    area = {"x": x - width / 2, "y": y - height / 2, "width": width, "height": height, "rx": 3}
    rim = {"stroke": CELL_LETTERS if cell.best else "currentColor", "stroke_width": 3 if cell.best else 0.5}
    fill = "none" if cell.gain is None else _colour(cell.gain / limit)
    parts = [mark("rect", mark("title", cell_title(cell)), fill=fill, **area, **rim)]
    if cell.zero:
        parts.append(mark("rect", fill="url(#zero)", **area))
    value = cell.value or cell.mark
    return [*parts, letters(value, x, y + 4, "middle", fill=CELL_LETTERS if cell.gain is not None else "currentColor")]


def cell_title(cell: MapCell) -> str:
    """Return what a cell says under the hand, escaped."""
    from html import escape

    return escape(". ".join([cell.name, *cell.lines]))


def _hatch() -> str:
    line = mark("path", d="M-1 1L1-1M0 7L7 0M6 8L8 6", stroke=CELL_LETTERS, stroke_opacity=0.45, stroke_width=1.1)
    return mark("pattern", line, id="zero", width=7, height=7, patternUnits="userSpaceOnUse")


def _colour(share: float) -> str:
    end, part = LOSS if share < 0 else GAIN, min(1.0, abs(share))
    channels = (round(start + (to - start) * part) for start, to in zip(ZERO, end, strict=True))
    return f"rgb({', '.join(map(str, channels))})"


def _grid(x1: float, y1: float, x2: float, y2: float) -> str:
    return mark("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke="currentColor", stroke_opacity=0.18)
