"""The Method race page."""

from pages.parts.method_race.form import method_race_form
from pages.parts.method_race.recorded_view import show_recorded_method_race
from pages.parts.method_race.sentences import finding, listed_race, points, technique
from pages.parts.method_race.view import method_race_view

__all__ = [
    "finding",
    "listed_race",
    "method_race_form",
    "method_race_view",
    "points",
    "show_recorded_method_race",
    "technique",
]
