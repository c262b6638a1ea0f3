"""The Sweep page."""

from pages.parts.sweep.charts import cell_rows
from pages.parts.sweep.form import sweep_form
from pages.parts.sweep.map_cells import whole_map
from pages.parts.sweep.recorded_view import show_recorded_sweep
from pages.parts.sweep.sentences import finding, interval_setting, setting
from pages.parts.sweep.view import sweep_view

__all__ = [
    "cell_rows",
    "finding",
    "interval_setting",
    "setting",
    "show_recorded_sweep",
    "sweep_form",
    "sweep_view",
    "whole_map",
]
