"""The Soft labels page."""

from pages.parts.soft_labels import sample_picker, sentences
from pages.parts.soft_labels.matrix import matrix_figure, matrix_rows, without_diagonal

__all__ = ["matrix_figure", "matrix_rows", "sample_picker", "sentences", "without_diagonal"]
