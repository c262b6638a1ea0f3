"""From a sweep to its map: which cells are in sight, where they stand, and what is written in them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kd_core.results import SweepCell, SweepResults, cells_at, is_number, ordered
from pages.parts.charts import MapAxis, MapCell, is_log, round_ticks
from pages.parts.sweep.sentences import Axes, cell_lines, cell_name
from pages.parts.text import t, value_text

FILLED: Final = 0.25
"""A map whose places are emptier than this is drawn as points: a random search hardly ever draws a value twice."""


@dataclass(frozen=True)
class View:
    """What of a sweep is in sight.

    Args:
        x: path of the axis to the right.
        y: path of the axis upwards; None where there is one axis only.
        fixed: by path, what further axes are held at.
    """

    x: str
    y: str | None
    fixed: Mapping[str, Any]


def in_sight(sweep: SweepResults, view: View) -> tuple[SweepCell, ...]:
    """Return the cells of a view."""
    return cells_at(sweep.cells, view.fixed)


def is_grid(sweep: SweepResults, view: View) -> bool:
    """Tell whether the cells of a view fill a grid well enough to be drawn as one, one cell a place."""
    cells = in_sight(sweep, view)
    places = {(str(cell.values[view.x]), str(cell.values[view.y]) if view.y else "") for cell in cells}
    columns, rows = (len({place[side] for place in places}) for side in (0, 1))
    return len(places) == len(cells) and len(cells) >= FILLED * columns * rows


def has_grid(sweep: SweepResults) -> bool:
    """Tell whether axes beyond two can be held at a value, since all combinations were asked for."""
    return len(sweep.cells) == math.prod(len(ordered(values)) for values in sweep.axes.values())


def middle(sweep: SweepResults, path: str) -> int:
    """Return the place of the best cell's value, so that the map opens where the best cell is."""
    values = ordered(sweep.axes[path])
    return values.index(sweep.best.values[path]) if sweep.best is not None else len(values) // 2


def whole_map(sweep: SweepResults, words: Axes) -> tuple[View, MapAxis, MapAxis, list[MapCell]]:
    """Return the map of a sweep's first two axes without any answers, further ones held where the best cell is."""
    paths = list(sweep.axes)
    held = {path: ordered(sweep.axes[path])[middle(sweep, path)] for path in paths[2:]} if has_grid(sweep) else {}
    view = View(paths[0], paths[1] if len(paths) > 1 else None, held)
    return (view, *map_axes(sweep, view, words), map_cells(sweep, view, words, {}))


def map_axes(sweep: SweepResults, view: View, words: Axes) -> tuple[MapAxis, MapAxis]:
    """Return both axes with their labels; for points, with ticks at round numbers."""
    grid = is_grid(sweep, view)
    x = _axis(sweep, view, view.x, words, grid)
    y = MapAxis("", [""], None if grid else [0.5]) if view.y is None else None
    return x, y or _axis(sweep, view, view.y or "", words, grid)


def map_cells(
    sweep: SweepResults, view: View, words: Axes, answers: Mapping[int, Sequence[int | None]]
) -> list[MapCell]:
    """Return the cells as they are drawn.

    Args:
        sweep: its results.
        view: what of it is in sight.
        words: of the axes.
        answers: by cell, the places of its networks' logits.
    """
    grid, best = is_grid(sweep, view), sweep.best
    place_x = _placing(sweep, view, view.x, words, grid)
    place_y = _placing(sweep, view, view.y, words, grid) if view.y else None
    return [
        MapCell(
            index=cell.index,
            x=place_x(cell.values[view.x]),
            y=place_y(cell.values[view.y]) if place_y and view.y else (0 if grid else 0.5),
            name=cell_name(cell, words),
            lines=cell_lines(cell),
            gain=cell.gain,
            value="" if cell.gain is None else written_gain(cell.gain),
            zero=bool(cell.contains_zero),
            mark=t(f"status.{cell.trouble}") if cell.trouble else "",
            best=best is not None and cell.index == best.index,
            opens=any(trial.run for trial in cell.trials),
            answers=answers.get(cell.index, ()),
        )
        for cell in in_sight(sweep, view)
    ]


def written_gain(gain: float) -> str:
    """Return a gain with its sign and one decimal; what rounds to 0 has no sign."""
    return f"{gain:+.1f}" if abs(gain) >= 0.05 else "0.0"


def _axis(sweep: SweepResults, view: View, path: str, words: Axes, grid: bool) -> MapAxis:
    values = _values(sweep, view, path)
    title = words[path].full
    if grid:
        return MapAxis(title, [value_text(value) for value in values])
    place = _placing(sweep, view, path, words, grid)
    ticks = round_ticks(values, words[path].log) if all(is_number(value) for value in values) else values
    return MapAxis(title, [value_text(tick) for tick in ticks], [place(tick) for tick in ticks])


def _values(sweep: SweepResults, view: View, path: str) -> list[Any]:
    seen = {str(cell.values[path]) for cell in in_sight(sweep, view)}
    return [value for value in ordered(sweep.axes[path]) if str(value) in seen]


def _placing(sweep: SweepResults, view: View, path: str, words: Axes, grid: bool) -> Any:
    """Return a function from a value to its place: a count on a grid, a share of the axis among points."""
    values = _values(sweep, view, path)
    if grid:
        return values.index
    if not all(is_number(value) for value in values):
        return lambda value: round(values.index(value) / max(1, len(values) - 1), 4)
    scale = math.log if is_log(values, words[path].log) else float
    low, high = scale(values[0]), scale(values[-1])
    return lambda value: 0.5 if high == low else round((scale(value) - low) / (high - low), 4)
