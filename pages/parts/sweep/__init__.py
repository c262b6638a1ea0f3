"""The Sweep page."""

from pages.parts.sweep.form import sweep_form
from pages.parts.sweep.recorded_view import show_recorded_sweep
from pages.parts.sweep.view import sweep_view

__all__ = ["show_recorded_sweep", "sweep_form", "sweep_view"]
