"""A method race in words: what a technique is called, what was found, and in which setting."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kd_core.errors import KDError
from kd_core.store import StudyRow
from kd_core.vocabulary import SOFT_TARGETS
from pages.parts.form import preset_title
from pages.parts.studies import changes_of
from pages.parts.text import declared_text, error_text, member_text, t

if TYPE_CHECKING:
    from kd_core.recipe import Recipe

Row = Mapping[str, Any]
"""One technique as ``compare_json`` tells it."""
MOST_NAMED = 5


def technique(name: str) -> str:
    """Return what a contender is called: a method, "Hints: two stages" for a variant, a protocol or a tip."""
    from kd_core.methods import METHODS
    from kd_core.protocols import PROTOCOLS
    from kd_core.recipe import TIPS

    base, _, variant = name.partition(":")
    if base in PROTOCOLS:
        return t("method_race.protocol", title=member_text.title("protocols", PROTOCOLS[base]))
    if base in TIPS:
        return t("method_race.tip", title=declared_text(f"tips.{base}.title", TIPS[base].title))
    if base not in METHODS:  # of an earlier version
        return name
    title = member_text.title("methods", METHODS[base])
    return t("method_race.variant", title=title, variant=t(f"method_race.variants.{variant}")) if variant else title


def listed_race(row: StudyRow) -> str:
    """Return what a method race is called in a list; with its number, because a browser sends back words alone."""
    return f"#{row.number} " + t(
        "method_race.label",
        title=row.name or preset_title(row.preset),
        n=len(row.spec["cells"]),
        seeds=row.seeds,
        when=time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created)),
    )


def refusals(recipe: Recipe, names: Iterable[str]) -> dict[str, str]:
    """Return by technique why it does not fit a recipe's networks, in the reader's language."""
    from kd_core.recipe import technique_changes

    found = {}
    for name in names:
        try:
            recipe.changed(technique_changes(name, recipe.method))
        except KDError as error:
            found[name] = error_text(error)
    return found


def ranked(told: Mapping[str, Any]) -> list[Row]:
    """Return the techniques that can be compared with the student alone, the highest gain first."""
    rows = [row for row in told["techniques"] if row["over_alone"]]
    return sorted(rows, key=lambda row: -row["over_alone"]["difference_pp"])


def points(judged: Mapping[str, Any] | None) -> str:
    """Return a difference with its interval, e.g. "+4.83 (+3.03 to +6.64)"."""
    if judged is None:
        return "–"
    pp = _signed(judged["difference_pp"])
    if judged["ci95_pp"] is None:
        return pp
    low, high = judged["ci95_pp"]
    if low == high == 0:
        return t("method_race.identical")
    return t("method_race.gain_interval", pp=pp, low=_signed(low), high=_signed(high))


def gains_in_words(rows: Sequence[Row]) -> str:
    """Return the gains one after the other, for those who do not see the chart."""
    told = [(technique(row["name"]), points(row["over_alone"])) for row in rows]
    lines = [t("method_race.alt_row", technique=title, gain=gain) for title, gain in told]
    return t("method_race.alt", n=len(rows), rows="; ".join(lines))


def finding(told: Mapping[str, Any], alive: bool) -> str:
    """Return the headline: who is above the student alone and above soft targets, as far as the intervals tell."""
    rows = ranked(told)
    if not rows:
        return t("method_race.nothing_finished_alive" if alive else "method_race.nothing_finished")
    judged = [row for row in rows if row["over_alone"]["ci95_pp"]]
    if judged:
        said = " ".join([*_over_alone(judged), *_over_soft_targets(judged)])
    else:
        first = rows[0]
        said = t("method_race.finding_one_seed", technique=technique(first["name"]), gain=points(first["over_alone"]))
    return f"{t('race.so_far')} {said}" if alive else said


def _signed(value: float) -> str:
    return f"{round(value, 2) + 0.0:+.2f}"  # never "-0.00"


def _over_alone(judged: Sequence[Row]) -> list[str]:
    better = _with_outcome(judged, "over_alone", "better")
    worse = _with_outcome(judged, "over_alone", "worse")
    counts = {"n": len(judged), "k": len(better)}
    said = [t("method_race.finding_better", names=listed(better), **counts)] if better else []
    said = said or [t("method_race.finding_none", n=len(judged))]
    return [*said, t("method_race.finding_worse", names=listed(worse))] if worse else said


def _over_soft_targets(judged: Sequence[Row]) -> list[str]:
    if not any(row["over_soft_targets"] and row["over_soft_targets"]["ci95_pp"] for row in judged):
        return []
    better, soft = _with_outcome(judged, "over_soft_targets", "better"), technique(SOFT_TARGETS)
    if better:
        return [t("method_race.finding_over_soft", soft=soft, names=listed(better))]
    return [t("method_race.finding_none_over_soft", soft=soft)]


def _with_outcome(rows: Sequence[Row], against: str, outcome: str) -> list[str]:
    return [row["name"] for row in rows if row[against] and row[against]["outcome"] == outcome]


def with_own_steps(rows: Sequence[Row]) -> list[str]:
    """Return the protocols among the techniques whose epochs are not as long as a plain student's."""
    from kd_core.protocols import PROTOCOLS, Protocol

    return [
        row["name"]
        for row in rows
        if row["name"] in PROTOCOLS and PROTOCOLS[row["name"]].steps_per_epoch is not Protocol.steps_per_epoch
    ]


def listed(names: Sequence[str]) -> str:
    """Return techniques in a row, a long one cut short."""
    said = t("method_race.comma").join(technique(name) for name in names[:MOST_NAMED])
    return said if len(names) <= MOST_NAMED else t("method_race.and_more", names=said, n=len(names) - MOST_NAMED)


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
