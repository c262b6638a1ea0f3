"""Names of engine and pages that the recorded facts are asked through; where one is renamed, it is renamed here."""

from collections.abc import Mapping
from typing import Final

from kd_core.recipe import schedules
from kd_core.recipe.schedules import Schedule
from kd_core.recipe.techniques import technique_changes as technique_changes, technique_names as technique_names
from pages.parts.app.link import begin as begin_link
from pages.parts.form.state import current as recipe_of_link

SCHEDULES: Final[Mapping[str, type[Schedule]]] = {
    kind.model_fields["name"].default: kind
    for kind in vars(schedules).values()
    if isinstance(kind, type) and issubclass(kind, Schedule) and "name" in kind.model_fields
}

__all__ = ["SCHEDULES", "begin_link", "recipe_of_link", "technique_changes", "technique_names"]
