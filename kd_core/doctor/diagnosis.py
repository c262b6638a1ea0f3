"""The diagnosis: all checks on a study, the likeliest cause first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from kd_core.doctor.case import Case, case_of
from kd_core.doctor.finding import Finding
from kd_core.doctor.judging import few_test_images, one_seed
from kd_core.doctor.learning import budget, learning_rate_high, learning_rate_low, student_small
from kd_core.doctor.objective import extreme_temperature, extreme_weight, idle_term, t2_off, untuned
from kd_core.doctor.teaching import student_large, teacher_overconfident, teacher_weak
from kd_core.errors import DataUnusable, Reason, RunBusy
from kd_core.results import CellValues
from kd_core.store import Store

CHECKS: Final[Sequence[Callable[[Case], Finding | None]]] = (
    learning_rate_high,
    learning_rate_low,
    budget,
    student_small,
    teacher_weak,
    teacher_overconfident,
    student_large,
    t2_off,
    idle_term,
    untuned,
    extreme_weight,
    extreme_temperature,
    few_test_images,
    one_seed,
)


def diagnose(case: Case) -> list[Finding]:
    """Return what may be amiss in one trio, the cause that explains most first; nothing where nothing is found."""
    findings = [finding for check in CHECKS if (finding := check(case)) is not None]
    return sorted(findings, key=lambda finding: -finding.explains)


def diagnose_study(store: Store, study: str, cell: CellValues | None = None) -> list[Finding]:
    """Return what may be amiss in a finished study, or in one of its cells, the cause that explains most first.

    Of a sweep or a method race every cell is looked at; a cause is told once, as it is seen in the cell where it
    explains most, and explains what it does in a mean cell.

    Args:
        store: where it is.
        study: a race, a sweep or a method race.
        cell: the values of the one cell that is meant, by path.

    Raises:
        RunUnknown: there is no such study.
        RunBusy: it still waits or trains.
        DataUnusable: no student of it came to its end.
    """
    row = store.studies.get(study)
    if row.alive:
        raise RunBusy(id=study, status=row.status)
    cells = [cell] if cell is not None or row.kind == "race" else row.spec.get("cells", ())
    cases = [(values, case_of(store, row, values)) for values in cells]
    ended = [(values, case) for values, case in cases if case.accuracy.get("distilled") or case.diverged]
    if not ended:
        words = "no student of it came to its end, so there is nothing to look into. Resume it first."
        raise DataUnusable(source=study, reason=Reason("doctor_unfinished", words))
    if row.kind == "race" or cell is not None:
        return diagnose(ended[0][1])
    return merged([(values or {}, diagnose(case)) for values, case in ended])


def merged(by_cell: Sequence[tuple[Mapping[str, Any], Sequence[Finding]]]) -> list[Finding]:
    """Return one finding a cause: the strongest, with all cells that have it, explaining what it does in a mean one."""
    by_cause: dict[str, list[tuple[Mapping[str, Any], Finding]]] = {}
    for cell, findings in by_cell:
        for finding in findings:
            by_cause.setdefault(finding.cause, []).append((cell, finding))
    together = []
    for places in by_cause.values():
        places.sort(key=lambda place: -place[1].explains)
        mean = sum(finding.explains for _, finding in places) / len(by_cell)
        cells = tuple(cell for cell, _ in places)
        together.append(replace(places[0][1], explains=mean, cells=cells))
    return sorted(together, key=lambda finding: -finding.explains)
