"""Comparison: what a method race says of each technique, computed from stored numbers without any network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from kd_core.results.race import ArmResult, FinishedMember, arm_results, finished_members, race_verdict
from kd_core.results.statistics import Verdict, verdict
from kd_core.store import Store, StudyRow
from kd_core.vocabulary import MEASURES, SOFT_TARGETS, TECHNIQUE_KEY

TAIL = 0.025
"""How often a technique that changes nothing has its 95 % interval above 0, and as often below."""


@dataclass(frozen=True)
class TechniqueResult:
    """One technique over its finished seeds.

    Args:
        name: as it was asked for.
        student: its distilled student.
        over_alone: its accuracy minus that of the student alone, paired by seed.
        over_soft_targets: its accuracy minus that of soft targets, paired by seed; None where those did not race.
        extra_parameters: learned beside the student and thrown away afterwards.
    """

    name: str
    student: ArmResult
    over_alone: Verdict | None
    over_soft_targets: Verdict | None
    extra_parameters: int


def compared_methods(store: Store, study: str) -> list[TechniqueResult]:
    """Return the contenders of a method race that have finished seeds, in the order in which they were named."""
    by_name: dict[str, list[FinishedMember]] = {}
    for place in finished_members(store, study):
        by_name.setdefault(place.member.cell[TECHNIQUE_KEY], []).append(place)
    soft = _accuracies(by_name.get(SOFT_TARGETS, []))
    found = []
    for name, places in by_name.items():
        arms = arm_results(places)
        if "distilled" in arms:
            against = None if name == SOFT_TARGETS else _paired(_accuracies(places), soft)
            extra = (arms["distilled"].places[0].run.cost or {}).get("extra_parameters", 0)
            found.append(TechniqueResult(name, arms["distilled"], race_verdict(places), against, extra))
    return found


def by_chance(technique_names: Sequence[TechniqueResult]) -> dict[str, float]:
    """Return how many have an interval over the student alone, and how many of those chance would put above 0.

    The intervals are not corrected for looking at many: that holds if none of the techniques changes anything. One that
    equals soft targets with every seed is not looked at twice.
    """
    other = [
        one for one in technique_names if one.over_soft_targets is None or one.over_soft_targets.ci95_pp != (0.0, 0.0)
    ]
    judged = sum(one.over_alone is not None and one.over_alone.ci95_pp is not None for one in other)
    return {"judged": judged, "better": TAIL * judged}


def baselines(store: Store, study: str) -> dict[str, ArmResult]:
    """Return the teacher and the student alone of the race's own settings.

    Nearly all techniques share them; one that changes what the student alone gets too, such as its images or its
    learning rate, is compared with a student alone of its own.
    """
    from kd_core.recipe import Recipe, Study  # here, because torch comes with it

    row = store.studies.get(study)
    plain = Study.race(Recipe.from_json(row.spec["base"]), row.seeds)
    own = {member.recipe.fingerprint() for member in plain.members if member.arm in ("teacher", "alone")}
    shared: dict[tuple[str, str], FinishedMember] = {}
    for place in finished_members(store, study):
        if place.member.arm in ("teacher", "alone") and place.run.fingerprint in own:
            shared.setdefault((place.member.arm, place.run.id), place)  # of equal recipes one run is both
    return arm_results(list(shared.values()))


def compare_json(store: Store, study: str) -> dict[str, Any]:
    """Return a method race as the command line prints it: baselines, and a row for every technique."""
    row, found = store.studies.get(study), compared_methods(store, study)
    return {
        "preset": row.preset,
        "dataset": row.spec["base"]["data"]["source"]["name"],
        "seeds": row.seeds,
        "study": study,
        "baselines": {arm: _arm_json(result) for arm, result in baselines(store, study).items()},
        "techniques": [_contender_json(one) for one in found],
        "by_chance": by_chance(found),
        "refused": row.spec.get("refused", {}),
        "unfinished": [name for name in _asked(row) if name not in {one.name for one in found}],
    }


def _asked(row: StudyRow) -> list[str]:
    return [cell[TECHNIQUE_KEY] for cell in row.spec["cells"]]


def _accuracies(places: Sequence[FinishedMember]) -> dict[int, float]:
    """Return by seed the test accuracy of the distilled students."""
    mine = [place for place in places if place.member.arm == "distilled"]
    return {place.member.seed: place.epoch.scores["test"]["accuracy"] or 0.0 for place in mine}


def _paired(mine: Mapping[int, float], others: Mapping[int, float]) -> Verdict | None:
    seeds = sorted(mine.keys() & others.keys())
    return verdict([mine[seed] for seed in seeds], [others[seed] for seed in seeds]) if seeds else None


def _arm_json(result: ArmResult) -> dict[str, Any]:
    spreads = {name: result.spreads[name] for name in MEASURES}
    measures = {name: None if one is None else asdict(one) for name, one in spreads.items()}
    return {**measures, "parameters": result.parameters, "macs": result.macs, "seconds": result.seconds}


def _contender_json(one: TechniqueResult) -> dict[str, Any]:
    verdicts = {"over_alone": one.over_alone, "over_soft_targets": one.over_soft_targets}
    told = {name: judged and {**asdict(judged), "sentence": judged.sentence} for name, judged in verdicts.items()}
    trained = [place.run.seconds for place in one.student.places]
    more = {
        "extra_parameters": one.extra_parameters,
        "seconds_sd": float(np.std(trained, ddof=1)) if len(trained) > 1 else None,
    }
    return {"name": one.name, **_arm_json(one.student), **more, **told}
