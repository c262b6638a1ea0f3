"""Watching what lives: whether it has changed, read once for everybody, and what is then drawn anew."""

from pages.parts.watch import pulses
from pages.parts.watch.redraw import part_in_browser, redraw_fragment, this_session

__all__ = ["part_in_browser", "pulses", "redraw_fragment", "this_session"]
