"""The Soft labels page."""

from pages.parts.soft_labels.calibration_view import calibration_view
from pages.parts.soft_labels.matrix_view import matrix_view
from pages.parts.soft_labels.sample_view import sample_view

__all__ = ["calibration_view", "matrix_view", "sample_view"]
