"""The Race page."""

from pages.parts.race.arm_table import shown_row
from pages.parts.race.captions import execution_text
from pages.parts.race.controls import race_controls
from pages.parts.race.first_look import show_first_look
from pages.parts.race.view import race_view

__all__ = ["execution_text", "race_controls", "race_view", "show_first_look", "shown_row"]
