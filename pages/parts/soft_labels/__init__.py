"""The Soft labels page."""

from pages.parts.soft_labels.calibration_view import calibration_view
from pages.parts.soft_labels.drawing import choose_subject
from pages.parts.soft_labels.matrix_view import matrix_view
from pages.parts.soft_labels.sample_view import subject_view

__all__ = ["calibration_view", "choose_subject", "matrix_view", "subject_view"]
