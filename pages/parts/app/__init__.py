"""What every page stands in: frame, link, view, the engine at hand, and the error boundary."""

from pages.parts.app import engine, errors, frame, link
from pages.parts.app.engine import data_root, engine_is_warm, engine_ready, require_engine, store
from pages.parts.app.errors import error_boundary, show_refused, try_or_tell
from pages.parts.app.frame import form_and_picture
from pages.parts.app.view_state import epoch_shown, put_view, sample_index, view_axis, view_temperature

__all__ = [
    "data_root",
    "engine",
    "engine_is_warm",
    "engine_ready",
    "epoch_shown",
    "error_boundary",
    "errors",
    "form_and_picture",
    "frame",
    "link",
    "put_view",
    "require_engine",
    "sample_index",
    "show_refused",
    "store",
    "try_or_tell",
    "view_axis",
    "view_temperature",
]
