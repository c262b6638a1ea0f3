"""The script to take along: one self-contained PyTorch file that does what a recipe does."""

from kd_core.script.command import recipe_command, study_command
from kd_core.script.functions import FUNCTIONS
from kd_core.script.writer import recipe_text, training_script

__all__ = ["FUNCTIONS", "recipe_command", "recipe_text", "study_command", "training_script"]
