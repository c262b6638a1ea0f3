"""A method race's results: what it says of each technique, computed from stored numbers without any network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from kd_core.results.arms import ArmResult, FinishedMember, arm_results, measures_json
from kd_core.results.race import finished_members, race_verdict
from kd_core.results.statistics import Verdict, verdict
from kd_core.store import Store, StudyRow
from kd_core.vocabulary import SOFT_TARGETS, TECHNIQUE_KEY

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


def compared_methods(finished: Sequence[FinishedMember]) -> list[TechniqueResult]:
    """Return the techniques of a method race that have finished seeds, in the order in which they were named."""
    by_name: dict[str, list[FinishedMember]] = {}
    for place in finished:
        by_name.setdefault(place.member.cell[TECHNIQUE_KEY], []).append(place)
    soft = _accuracies(by_name.get(SOFT_TARGETS, []))
    techniques = []
    for name, places in by_name.items():
        arms = arm_results(places)
        if "distilled" in arms:
            against = None if name == SOFT_TARGETS else _paired(_accuracies(places), soft)
            extra = (arms["distilled"].places[0].run.cost or {}).get("extra_parameters", 0)
            techniques.append(TechniqueResult(name, arms["distilled"], race_verdict(places), against, extra))
    return techniques


def twins(techniques: Sequence[TechniqueResult]) -> dict[str, str]:
    """Return which techniques came to the very numbers of an earlier one, by name: here both are one experiment.

    Copied layers do so where no layer fits, and with or without batch norm where the network has none.
    """
    first: dict[str, str] = {}
    found = {}
    for technique in techniques:
        if technique.student.measures.get("accuracy") is None:
            continue
        numbers = repr([(name, of and of.values) for name, of in sorted(technique.student.measures.items())])
        earlier = first.setdefault(numbers, technique.name)
        if earlier != technique.name:
            found[technique.name] = earlier
    return found


def by_chance(techniques: Sequence[TechniqueResult]) -> dict[str, float]:
    """Return how many have an interval over the student alone, and how many of those chance would put above 0.

    The intervals are not corrected for looking at many: that holds if none of the techniques changes anything. Twins
    are looked at once.
    """
    same = twins(techniques)
    verdicts = [technique.over_alone for technique in techniques if technique.name not in same]
    judged = sum(verdict is not None and verdict.ci95_pp is not None for verdict in verdicts)
    return {"judged": judged, "better": TAIL * judged}


def baselines(row: StudyRow, finished: Sequence[FinishedMember]) -> dict[str, ArmResult]:
    """Return the teacher and the student alone of the race's own settings.

    Nearly all techniques share them; one that changes what the student alone gets too, such as its images or its
    learning rate, is compared with a student alone of its own.
    """
    from kd_core.recipe import Recipe, Study  # here, because torch comes with it

    plain = Study.race(Recipe.from_json(row.spec["base"]), row.seeds)
    own = {member.recipe.fingerprint() for member in plain.members if member.arm in ("teacher", "alone")}
    shared: dict[tuple[str, str], FinishedMember] = {}
    for place in finished:
        if place.member.arm in ("teacher", "alone") and place.run.fingerprint in own:
            shared.setdefault((place.member.arm, place.run.id), place)  # of equal recipes one run is both
    return arm_results(list(shared.values()))


@dataclass(frozen=True)
class MethodRaceData:
    """What a method race comes to, as far as it is.

    Args:
        baselines: the teacher and the student alone of the race's own settings, by arm.
        techniques: those with finished seeds, in the order in which they were named.
        by_chance: how many are judged, and how many of those chance alone would put above 0.
        unfinished: techniques without a finished seed.
    """

    baselines: Mapping[str, ArmResult]
    techniques: Sequence[TechniqueResult]
    by_chance: Mapping[str, float]
    unfinished: Sequence[str]

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        """Return a method race from what ``compare_json`` wrote."""
        shared = {arm: _arm_from_json(arm, of_arm) for arm, of_arm in facts["baselines"].items()}
        techniques = [_technique_from_json(one) for one in facts["techniques"]]
        return cls(shared, techniques, facts["by_chance"], facts["unfinished"])

    @property
    def twins(self) -> dict[str, str]:
        """Return which techniques came to the very numbers of an earlier one, by name."""
        return twins(self.techniques)

    @property
    def ranked(self) -> list[TechniqueResult]:
        """Return the techniques that can be compared with the student alone, the highest gain first."""
        judged = [(technique.over_alone, technique) for technique in self.techniques]
        comparable = [(verdict.difference_pp, technique) for verdict, technique in judged if verdict is not None]
        return [technique for _, technique in sorted(comparable, key=lambda pair: -pair[0])]


def load_method_race(store: Store, study: str) -> MethodRaceData:
    """Return what a method race comes to, from rows that are read once and left out of it."""
    row, finished = store.studies.get(study), finished_members(store, study)
    techniques = [replace(each, student=each.student.without_rows()) for each in compared_methods(finished)]
    shared = {arm: result.without_rows() for arm, result in baselines(row, finished).items()}
    names = {technique.name for technique in techniques}
    unfinished = [cell[TECHNIQUE_KEY] for cell in row.spec["cells"] if cell[TECHNIQUE_KEY] not in names]
    return MethodRaceData(shared, techniques, by_chance(techniques), unfinished)


def compare_json(store: Store, study: str) -> dict[str, Any]:
    """Return a method race as the command line prints it: baselines, and a row for every technique."""
    row, race = store.studies.get(study), load_method_race(store, study)
    return {
        "preset": row.preset,
        "dataset": row.spec["base"]["data"]["source"]["name"],
        "seeds": row.seeds,
        "study": study,
        "baselines": {arm: _arm_json(result) for arm, result in race.baselines.items()},
        "techniques": [_technique_json(technique) for technique in race.techniques],
        "by_chance": race.by_chance,
        "refused": row.spec.get("refused", {}),
        "unfinished": race.unfinished,
    }


def _accuracies(places: Sequence[FinishedMember]) -> dict[int, float]:
    """Return by seed the test accuracy of the distilled students."""
    students = [place for place in places if place.member.arm == "distilled"]
    return {place.member.seed: place.epoch.scores["test"]["accuracy"] or 0.0 for place in students}


def _paired(accuracies: Mapping[int, float], others: Mapping[int, float]) -> Verdict | None:
    seeds = sorted(accuracies.keys() & others.keys())
    return verdict([accuracies[seed] for seed in seeds], [others[seed] for seed in seeds]) if seeds else None


def _arm_json(result: ArmResult) -> dict[str, Any]:
    return {**measures_json(result), "parameters": result.parameters, "macs": result.macs, "seconds": result.seconds}


def _technique_json(technique: TechniqueResult) -> dict[str, Any]:
    return {
        "name": technique.name,
        **_arm_json(technique.student),
        "extra_parameters": technique.extra_parameters,
        "seconds_sd": technique.student.seconds_sd,
        "over_alone": technique.over_alone and technique.over_alone.to_json(),
        "over_soft_targets": technique.over_soft_targets and technique.over_soft_targets.to_json(),
    }


def _arm_from_json(arm: str, facts: Mapping[str, Any]) -> ArmResult:
    """Return an arm of a method race, of which neither bytes nor answering times are printed."""
    one = ArmResult.from_json(arm, {"bytes": 0, "latency_by_batch": (), **facts})
    return replace(one, seconds_sd=facts.get("seconds_sd"))


def _technique_from_json(facts: Mapping[str, Any]) -> TechniqueResult:
    over = {name: facts[name] and Verdict.from_json(facts[name]) for name in ("over_alone", "over_soft_targets")}
    return TechniqueResult(
        facts["name"], _arm_from_json("distilled", facts), extra_parameters=facts["extra_parameters"], **over
    )
