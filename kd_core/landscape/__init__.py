"""Landscape: what a sweep's stored numbers say about each of its cells, and which cell validation would choose."""

from kd_core.landscape.cells import Cell, Landscape, Pool
from kd_core.landscape.reading import landscape, read_landscape
from kd_core.landscape.trials import Trial, cell_key, trios_of, wanted_scores
from kd_core.landscape.views import front, is_number, line_cut, ordered, place_on, table, where

__all__ = [
    "Cell",
    "Landscape",
    "Pool",
    "Trial",
    "cell_key",
    "front",
    "is_number",
    "landscape",
    "line_cut",
    "ordered",
    "place_on",
    "read_landscape",
    "table",
    "trios_of",
    "wanted_scores",
    "where",
]
