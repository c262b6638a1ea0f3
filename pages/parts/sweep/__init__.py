"""The Sweep page."""

from pages.parts.sweep.form import sweep_form
from pages.parts.sweep.view import sweep_view

__all__ = ["sweep_form", "sweep_view"]
