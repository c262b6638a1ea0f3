"""Recipe: everything that decides a result; Study: recipes that belong together."""

from kd_core.optim import Optim
from kd_core.recipe.recipe import Data, Recipe
from kd_core.recipe.study import Arm, Member, Study

__all__ = ["Arm", "Data", "Member", "Optim", "Recipe", "Study"]
