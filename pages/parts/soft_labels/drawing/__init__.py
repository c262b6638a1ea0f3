"""Draw your own: a pad whose drawing is prepared as the dataset was, and what a race's networks see in it."""

from pages.parts.soft_labels.drawing.view import choose_subject, drawing_view, is_drawing

__all__ = ["choose_subject", "drawing_view", "is_drawing"]
