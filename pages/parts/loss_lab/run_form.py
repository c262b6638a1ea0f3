"""The form of the loss that a run was trained with, and what of its training the lab cannot show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kd_core.errors import KDError
from kd_core.logit_losses import LossForm, changed_form, changes_text, form_of_method
from kd_core.results import CellValues, members_and_runs, recipe_of
from kd_core.store import StudyRow
from pages.parts.app import link, store
from pages.parts.text import error_text

RECORDED_FORM: Final = LossForm(temperature=4.0, teacher_weight=0.9)
"""What the recorded race was trained with: the digits preset's soft targets."""


@dataclass(frozen=True)
class RunForm:
    """What of a run the lab shows.

    Args:
        form: of its loss, or plain soft targets where its own has terms that are not on single logits.
        method: the method's name, where the lab shows another loss than the run's; else nothing.
        scheduled: settings of the loss that a schedule changes while it trains.
        protocol: the protocol's name, where the teacher is not one fixed network; else nothing.
    """

    form: LossForm
    method: str = ""
    scheduled: tuple[str, ...] = ()
    protocol: str = ""


def run_form(study: StudyRow | None, cell: CellValues | None) -> RunForm:
    """Return the loss of a study's distilled student, of its first seed.

    Args:
        study: None stands for the recorded race.
        cell: of a sweep, whose trio is meant.
    """
    return RunForm(RECORDED_FORM) if study is None else form_of_recipe(_recipe(study, cell))


def form_of_recipe(recipe: Mapping[str, Any]) -> RunForm:
    """Return the loss of a distilled student's recipe, as JSON."""
    method, protocol = recipe["method"], recipe["protocol"]["name"]
    form, other = form_of_method(method), ""
    if form is None:
        form, other = LossForm(temperature=float(method.get("temperature", RECORDED_FORM.temperature))), method["name"]
    scheduled = tuple(name for name in recipe.get("schedules", {}) if name in LossForm.model_fields)
    return RunForm(form, other, scheduled, "" if protocol == "offline" else protocol)


def form_in_link(base: LossForm) -> LossForm:
    """Return the form that the link asks for; what cannot be used of it is told and dropped."""
    asked = link.get("loss")
    try:
        return changed_form(base, asked) if asked else base
    except KDError as error:
        link.refuse("loss", error_text(error))
        return base


def put_form(base: LossForm, form: LossForm) -> None:
    """Keep in the link what of a form differs from the run's."""
    link.put(loss=changes_text(base, form))


def _recipe(study: StudyRow, cell: CellValues | None) -> Mapping[str, Any]:
    members, runs = members_and_runs(store(), study.id, cell)
    begun = (
        runs[member.position].recipe for member in members if member.arm == "distilled" and member.position in runs
    )
    return next(begun, recipe_of(study))
