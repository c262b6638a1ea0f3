"""A method race in words: what a technique is called, what was found, and in which setting."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kd_core.errors import KDError
from kd_core.results import MethodRaceData, TechniqueResult, Verdict
from kd_core.store import StudyRow
from kd_core.vocabulary import SOFT_TARGETS
from pages.parts.form import preset_title
from pages.parts.studies import changes_of, differing, study_title, technique_title
from pages.parts.text import MISSING, declared_text, error_text, signed_text, t

if TYPE_CHECKING:
    from kd_core.recipe import Recipe

MOST_NAMED = 5


def technique(name: str) -> str:
    """Return what a technique is called."""
    return technique_title(name)


def listed_race(row: StudyRow) -> str:
    """Return what a method race is called in a list; with its number, because a browser sends back words alone."""
    return f"#{row.number} " + t(
        "method_race.label",
        title=" · ".join([study_title(row), *differing(row)]),
        n=len(row.spec["cells"]),
        seeds=row.seeds,
        when=time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created)),
    )


def refusals(recipe: Recipe, names: Iterable[str]) -> dict[str, str]:
    """Return by technique why it does not fit a recipe's networks, in the reader's language."""
    from kd_core.recipe import technique_changes

    refused = {}
    for name in names:
        try:
            recipe.changed(technique_changes(name, recipe.method))
        except KDError as error:
            refused[name] = error_text(error)
    return refused


def points(verdict: Verdict | None) -> str:
    """Return a difference with its interval, e.g. "+4.83 (+3.03 to +6.64)"."""
    if verdict is None:
        return MISSING
    difference = signed_text(verdict.difference_pp)
    if verdict.ci95_pp is None:
        return difference
    low, high = verdict.ci95_pp
    if low == high == 0:
        return t("method_race.identical")
    return t("method_race.gain_interval", pp=difference, low=signed_text(low), high=signed_text(high))


def gains_in_words(techniques: Sequence[TechniqueResult]) -> str:
    """Return the gains one after the other, for those who do not see the chart."""
    lines = [
        t("method_race.alt_row", technique=technique(result.name), gain=points(result.over_alone))
        for result in techniques
    ]
    return t("method_race.alt", n=len(techniques), rows="; ".join(lines))


def finding(race: MethodRaceData, alive: bool) -> str:
    """Return the headline: who is above the student alone and above soft targets, as far as the intervals tell."""
    ranked = race.ranked
    if not ranked:
        return t("method_race.nothing_finished_alive" if alive else "method_race.nothing_finished")
    same = race.twins
    ones = [result for result in ranked if result.name not in same]
    judged = [result for result in ones if result.over_alone and result.over_alone.ci95_pp]
    if judged:
        text = " ".join([*_over_alone(judged), *_over_soft_targets(judged)])
    else:
        first = ranked[0]
        gain = points(first.over_alone)
        text = t("method_race.finding_one_seed", technique=technique(first.name), gain=gain)
    return f"{t('race.so_far')} {text}" if alive else text


def same_networks(race: MethodRaceData) -> list[str]:
    """Return a sentence for each technique that came to the very networks of another one."""
    return [t("method_race.twin", one=technique(name), other=technique(other)) for name, other in race.twins.items()]


def _over_alone(judged: Sequence[TechniqueResult]) -> list[str]:
    verdicts = {result.name: result.over_alone for result in judged}
    better, worse = _with_outcome(verdicts, "better"), _with_outcome(verdicts, "worse")
    counts = {"n": len(judged), "k": len(better)}
    texts = [t("method_race.finding_better", names=listed(better), **counts)] if better else []
    texts = texts or [t("method_race.finding_none", n=len(judged))]
    return [*texts, t("method_race.finding_worse", names=listed(worse))] if worse else texts


def _over_soft_targets(judged: Sequence[TechniqueResult]) -> list[str]:
    verdicts = {result.name: result.over_soft_targets for result in judged}
    if not any(verdict and verdict.ci95_pp for verdict in verdicts.values()):
        return []
    better, soft = _with_outcome(verdicts, "better"), technique(SOFT_TARGETS)
    if better:
        return [t("method_race.finding_over_soft", soft=soft, names=listed(better))]
    return [t("method_race.finding_none_over_soft", soft=soft)]


def _with_outcome(verdicts: Mapping[str, Verdict | None], outcome: str) -> list[str]:
    return [name for name, verdict in verdicts.items() if verdict and verdict.outcome == outcome]


def with_own_steps(techniques: Sequence[TechniqueResult]) -> list[str]:
    """Return the protocols among the techniques whose epochs are not as long as a plain student's."""
    from kd_core.protocols import PROTOCOLS, Protocol

    names = [result.name for result in techniques if result.name in PROTOCOLS]
    return [name for name in names if PROTOCOLS[name].steps_per_epoch is not Protocol.steps_per_epoch]


def listed(names: Sequence[str]) -> str:
    """Return techniques in a row, a long one cut short."""
    shown = t("method_race.comma").join(technique(name) for name in names[:MOST_NAMED])
    return shown if len(names) <= MOST_NAMED else t("method_race.and_more", names=shown, n=len(names) - MOST_NAMED)


def setting(row: StudyRow, student: str) -> str:
    """Return what all techniques had in common, and where the numbers come from."""
    base = row.spec["base"]
    labelled, source = base["data"]["labelled"], base["data"]["source"]["name"]
    facts = [
        t("sweep.measure"),
        preset_title(row.preset),
        t("method_race.student", student=student),
        t("study.seeds", n=row.seeds),
        t("method_race.all_labels") if labelled is None else t("method_race.labels", n=f"{labelled:,}"),
        t("method_race.epochs", n=base["optim"]["epochs"]),
        t("race.on", dataset=declared_text(f"datasets.{source}.title", source.replace("_", " "))),
        t("method_race.interval" if row.seeds > 1 else "method_race.no_interval"),
        *changes_of(row),
        t("provenance.live"),
    ]
    return " · ".join(facts)
