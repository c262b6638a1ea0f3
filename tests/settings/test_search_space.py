"""Axes: grids, ranges, and what a random search draws from them."""

from __future__ import annotations

import math

import pytest

from kd_core.errors import InvalidSetting
from kd_core.settings.search_space import Range, grid_cells, random_cells, read_axis


def test_a_grid_has_every_combination_and_the_last_axis_moves_fastest() -> None:
    assert grid_cells({"a": [1, 2], "b": ["x", "y"]}) == [
        {"a": 1, "b": "x"},
        {"a": 1, "b": "y"},
        {"a": 2, "b": "x"},
        {"a": 2, "b": "y"},
    ]


def test_a_grid_without_values_or_of_a_range_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="at least one value"):
        grid_cells({"a": []})
    with pytest.raises(InvalidSetting, match="random search"):
        grid_cells({"a": Range(1, 2)})


def test_values_and_ranges_are_read_as_they_are_written() -> None:
    assert read_axis("a", "1, 2.5,cosine") == [1, 2.5, "cosine"]
    assert read_axis("a", "0..1") == Range(0, 1)
    assert read_axis("a", "1..20 log") == Range(1, 20, log=True)


@pytest.mark.parametrize("text", ["2..1", "1..1", "a..b", "0..1 log", "1..2 cubic", "1..", "true..2"])
def test_a_range_that_cannot_be_drawn_from_is_refused(text: str) -> None:
    with pytest.raises(InvalidSetting, match="low below high"):
        read_axis("method.temperature", text)


def test_draws_lie_in_their_range_and_are_the_same_for_the_same_seed() -> None:
    axes = {"T": Range(1, 20, log=True), "w": Range(0.0, 1.0), "n": Range(3, 9), "kind": ["a", "b"]}
    cells = random_cells(axes, 40, seed=3)
    assert cells == random_cells(axes, 40, seed=3) != random_cells(axes, 40, seed=4)
    assert len({repr(cell) for cell in cells}) == 40
    for cell in cells:
        assert 1 <= cell["T"] <= 20 and 0 <= cell["w"] <= 1 and cell["kind"] in ("a", "b")
        assert cell["n"] in range(3, 10) and isinstance(cell["n"], int)


def test_a_logarithmic_range_is_drawn_evenly_over_its_logarithm() -> None:
    values = [math.log10(cell["T"]) for cell in random_cells({"T": Range(0.01, 100.0, log=True)}, 400)]
    below_one = sum(value < 0 for value in values)
    assert 150 < below_one < 250


def test_more_cells_than_there_are_combinations_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="only 2 different cells"):
        random_cells({"a": [1, 2]}, 3)
