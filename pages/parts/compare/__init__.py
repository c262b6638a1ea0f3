"""The Compare page."""

from pages.parts.compare import overlaid_curves, paired_differences, recipe_differences, study_actions, study_list
from pages.parts.compare.arms import side_table, sides_of
from pages.parts.compare.storage import storage_panel

__all__ = [
    "overlaid_curves",
    "paired_differences",
    "recipe_differences",
    "side_table",
    "sides_of",
    "storage_panel",
    "study_actions",
    "study_list",
]
