"""Watching what lives: whether it has changed, read once for everybody, and what is then drawn anew."""

from pages.parts.watch import pulses
from pages.parts.watch.looking import drawn, look_at, looking
from pages.parts.watch.redraw import redraw_fragment

__all__ = ["drawn", "look_at", "looking", "pulses", "redraw_fragment"]
