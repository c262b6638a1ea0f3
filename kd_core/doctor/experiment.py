"""The experiment that would settle a finding, as a study that can be started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kd_core.doctor.finding import SEEDS, Finding
from kd_core.results import CellValues
from kd_core.store import StudyRow
from kd_core.vocabulary import TECHNIQUE_KEY

if TYPE_CHECKING:
    from kd_core.recipe import Recipe, Study

FEWEST_SEEDS: Final = 3
"""An interval from two seeds is nine standard deviations wide on either side; from three it is two and a half."""


def settling_study(row: StudyRow, finding: Finding, cell: CellValues | None = None) -> Study:
    """Return the study that would settle a finding: the same one with the finding's changes.

    A method race's finding that was made in one technique alone, or is about a technique's own settings, is settled by
    a race of that technique; what several techniques share by all of them anew.

    Args:
        row: the study that the finding is about.
        finding: with changes.
        cell: of a sweep or a method race, the one that was looked at; None for the whole study.

    Raises:
        KDError: a setting that is no more, as in a study of an earlier version, or parts that do not fit.
    """
    from kd_core.recipe import Study

    changes = {path: value for path, value in finding.experiment.items() if path != SEEDS}
    seeds = settling_seeds(row, finding)
    recipe = raced_recipe(row, finding, cell).changed(changes)
    if _meant(row, finding, cell) is None and row.kind == "compare":
        return Study.compare(recipe, [values[TECHNIQUE_KEY] for values in row.spec["cells"]], seeds, row.preset)
    return Study.race(recipe, seeds, row.preset, bool(row.spec.get("one_teacher")))


def settling_seeds(row: StudyRow, finding: Finding) -> int:
    """Return how many seeds an experiment takes: as many as the study had, and never too few for an interval."""
    return int(finding.experiment.get(SEEDS, max(row.seeds, FEWEST_SEEDS)))


def _meant(row: StudyRow, finding: Finding, cell: CellValues | None) -> CellValues | None:
    """Return the cell that an experiment is about; None for a race, and for a method race as a whole."""
    if cell is not None or not finding.cells:
        return cell
    of_method = bool(finding.experiment) and all(path.startswith("method.") for path in finding.experiment)
    return finding.cells[0] if of_method or len(finding.cells) == 1 or row.kind == "sweep" else None


def raced_recipe(row: StudyRow, finding: Finding, cell: CellValues | None = None) -> Recipe:
    """Return the distilled student's recipe that an experiment changes, with the teacher that was raced.

    Args:
        row: the study that the finding is about.
        finding: with changes.
        cell: of a sweep or a method race, the one that was looked at; None for the whole study.

    Raises:
        KDError: a setting that is no more, as in a study of an earlier version.
    """
    from kd_core.recipe import Recipe, technique_changes

    if row.kind == "race":
        members = row.spec["members"]
        student, teacher = (next(m["recipe"] for m in members if m["arm"] == arm) for arm in ("distilled", "teacher"))
        return Recipe.from_json({**student, "teacher": student.get("teacher") or teacher})
    base, meant = Recipe.from_json(row.spec["base"]), _meant(row, finding, cell)
    if meant is None:
        return base
    return base.changed(technique_changes(meant[TECHNIQUE_KEY], base.method) if TECHNIQUE_KEY in meant else meant)
