"""Everything that decides a result: recipes, and studies of recipes that belong together."""

from kd_core.recipe.feasibility import changes_to_fit, check_study, outline
from kd_core.recipe.given import GivenFile, GivenLogits, given_logits, given_weights
from kd_core.recipe.optim import Optim
from kd_core.recipe.presets import PRESETS
from kd_core.recipe.recipe import Data, Recipe
from kd_core.recipe.schedules import AnySchedule
from kd_core.recipe.study import Member, Study
from kd_core.recipe.techniques import TIPS, technique_changes, technique_names

__all__ = [
    "PRESETS",
    "TIPS",
    "AnySchedule",
    "Data",
    "GivenFile",
    "GivenLogits",
    "Member",
    "Optim",
    "Recipe",
    "Study",
    "changes_to_fit",
    "check_study",
    "given_logits",
    "given_weights",
    "outline",
    "technique_changes",
    "technique_names",
]
