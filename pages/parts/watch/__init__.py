"""Watching what lives: whether it has changed, read once for everybody, and what is then drawn anew."""

from pages.parts.watch import pulses
from pages.parts.watch.redraw import redraw_fragment, this_session

__all__ = ["pulses", "redraw_fragment", "this_session"]
