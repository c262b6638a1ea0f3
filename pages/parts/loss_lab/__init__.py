"""The Loss lab page."""

from pages.parts.loss_lab.batch_view import batch_view
from pages.parts.loss_lab.image_view import choose_arm, image_view, tell_what_is_missing
from pages.parts.loss_lab.run_form import RunForm, run_form
from pages.parts.loss_lab.triple import triple_view

__all__ = ["RunForm", "batch_view", "choose_arm", "image_view", "run_form", "tell_what_is_missing", "triple_view"]
