"""What every page stands in: frame, link, view, the engine at hand, and the error boundary."""

from pages.parts.app import engine, errors, frame, link, link_checks
from pages.parts.app.engine import data_root, engine_is_warm, engine_ready, require_engine, store
from pages.parts.app.epoch_slider import choose_epoch
from pages.parts.app.errors import error_boundary, refuse, show_refused, try_or_tell
from pages.parts.app.frame import form_and_picture
from pages.parts.app.left_out import left_out_sentences, left_out_summary, tell_left_out
from pages.parts.app.view_state import epoch_shown, put_view, sample_index, view_axis, view_temperature
from pages.parts.app.visitors import in_class, must_sign_in, start_rules, visitor

__all__ = [
    "choose_epoch",
    "data_root",
    "engine",
    "engine_is_warm",
    "engine_ready",
    "epoch_shown",
    "error_boundary",
    "errors",
    "form_and_picture",
    "frame",
    "in_class",
    "left_out_sentences",
    "left_out_summary",
    "link",
    "link_checks",
    "must_sign_in",
    "put_view",
    "refuse",
    "require_engine",
    "sample_index",
    "show_refused",
    "start_rules",
    "store",
    "tell_left_out",
    "try_or_tell",
    "view_axis",
    "view_temperature",
    "visitor",
]
