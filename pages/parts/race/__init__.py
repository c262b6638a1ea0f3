"""The Race page."""

from pages.parts.race.controls import race_controls
from pages.parts.race.first_look import show_first_look
from pages.parts.race.view import race_view

__all__ = ["race_controls", "race_view", "show_first_look"]
