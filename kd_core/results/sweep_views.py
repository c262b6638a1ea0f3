"""Views of a sweep: slices through it, the Pareto front of accuracy against size, and its rows for a file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kd_core.results.sweep_cells import SweepCell, SweepResults


def cells_at(cells: Iterable[SweepCell], fixed: Mapping[str, Any]) -> tuple[SweepCell, ...]:
    """Return the cells with these values, by path."""
    return tuple(cell for cell in cells if all(cell.values[path] == value for path, value in fixed.items()))


def slice_along(results: SweepResults, along: str, fixed: Mapping[str, Any]) -> tuple[SweepCell, ...]:
    """Return the cells with a number on a slice through the sweep, by rising value (or in the axis's order).

    Args:
        results: of the sweep.
        along: the path that changes.
        fixed: what the other axes are held at.
    """
    cells = [cell for cell in cells_at(results.cells, fixed) if cell.gain is not None]
    return tuple(sorted(cells, key=lambda cell: axis_position(results.axes[along], cell.values[along])))


def ordered(values: Sequence[Any]) -> list[Any]:
    """Return an axis's values without repeats: numbers rising, anything else as given."""
    kept = [value for index, value in enumerate(values) if value not in values[:index]]
    return sorted(kept) if all(is_number(value) for value in kept) else kept


def axis_position(values: Sequence[Any], value: Any) -> int:
    """Return a value's place among an axis's ordered values."""
    return ordered(values).index(value)


def is_number(value: Any) -> bool:
    """Tell whether an axis's value has a place on a line of numbers."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def pareto_front(cells: Iterable[SweepCell]) -> tuple[SweepCell, ...]:
    """Return the cells to which no other is preferable in both MACs and test accuracy, the cheapest first."""
    measured = [cell for cell in cells if cell.macs and cell.accuracy is not None]
    kept: list[SweepCell] = []
    for cell in sorted(measured, key=lambda cell: (cell.macs or 0, -(cell.accuracy or 0.0))):
        if not kept or (cell.accuracy or 0.0) > (kept[-1].accuracy or 0.0):
            kept.append(cell)
    return tuple(kept)


def as_rows(results: SweepResults) -> list[dict[str, Any]]:
    """Return one row per cell in full precision, for a file that other programs read."""
    best = results.best
    rows = []
    for cell in results.cells:
        low, high = cell.interval or (None, None)
        gain = {"gain_pp": cell.gain, "ci95_low_pp": low, "ci95_high_pp": high, "seeds": cell.n}
        accuracy = {"test_accuracy": cell.accuracy, "alone_test_accuracy": cell.alone}
        validation = {"validation_accuracy": cell.validation, "validation_nll": cell.validation_nll}
        state = {"epoch": cell.epoch[0], "ended": cell.ended, "trouble": cell.trouble or None}
        size = {"parameters": cell.parameters, "macs": cell.macs}
        chosen = {"chosen_on_validation": best is not None and cell.index == best.index}
        rows.append({"cell": cell.index, **cell.values, **gain, **accuracy, **validation, **state, **size, **chosen})
    return rows


def nearest_cell(
    axes: Mapping[str, Sequence[Any]], cells: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]
) -> int:
    """Return the number of the cell nearest to some settings.

    Numbers are compared by their logarithm where all values of an axis are above 0 and span more than a factor of 10,
    each axis over its own range; what is no number must be equal.

    Args:
        axes: the values by path.
        cells: by number.
        settings: a value for every path.
    """

    def distance(cell: Mapping[str, Any]) -> float:
        return sum(_normalised_difference(values, cell[path], settings[path]) ** 2 for path, values in axes.items())

    return min(range(len(cells)), key=lambda number: distance(cells[number]))


def _normalised_difference(values: Sequence[Any], value: Any, wanted: Any) -> float:
    if not all(is_number(each) for each in (*values, value, wanted)):
        return 0.0 if value == wanted else math.inf
    low, high = min(values), max(values)
    if low > 0 and high / low > 10 and wanted > 0:
        low, high, value, wanted = (math.log(number) for number in (low, high, value, wanted))
    return float(abs(value - wanted) / ((high - low) or 1.0))
