"""The Sweep page."""

from pages.parts.sweep.charts import cell_rows
from pages.parts.sweep.form import sweep_form
from pages.parts.sweep.map_cells import View, has_grid, map_axes, map_cells
from pages.parts.sweep.recorded_view import show_recorded_sweep
from pages.parts.sweep.sentences import finding, interval_setting, picture_titles, setting
from pages.parts.sweep.view import held_at_best, sweep_view

__all__ = [
    "View",
    "cell_rows",
    "finding",
    "has_grid",
    "held_at_best",
    "interval_setting",
    "map_axes",
    "map_cells",
    "picture_titles",
    "setting",
    "show_recorded_sweep",
    "sweep_form",
    "sweep_view",
]
