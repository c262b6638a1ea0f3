"""A race's results: what its stored numbers say, computed without running or importing any network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from kd_core.results.arms import ArmResult, FinishedMember, arm_results
from kd_core.results.statistics import Verdict, bootstrap_interval, verdict
from kd_core.store import EpochRow, MemberRow, RunRow, Store, StudyRow
from kd_core.vocabulary import MEASURES

CellValues = Mapping[str, Any]
"""The values of a sweep's cell by path."""


@dataclass(frozen=True)
class RaceNumbers:
    """What a race comes to, as far as it is.

    Args:
        arms: by name, those with finished seeds.
        verdict: distilled minus alone; None where no seed has both.
        seeds: how many were asked for.
        device: on what the first network was trained.
        test_images: how many judge it.
        test_set_ci95_pp: the interval of the verdict that the choice of test images alone would give, in points.
    """

    arms: Mapping[str, ArmResult]
    verdict: Verdict | None
    seeds: int
    device: str | None
    test_images: int | None
    test_set_ci95_pp: tuple[float, float] | None

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        """Return a race from what ``race_json`` wrote."""
        arms = {arm: ArmResult.from_json(arm, of_arm) for arm, of_arm in facts["arms"].items()}
        judged = Verdict.from_json(facts["verdict"]) if facts["verdict"] else None
        interval = tuple(facts["test_set_ci95_pp"]) if facts["test_set_ci95_pp"] else None
        return cls(arms, judged, facts["seeds"], facts["device"], facts["test_images"], interval)


@dataclass(frozen=True)
class RaceData:
    """The rows of a race, or of one cell of a sweep, as a view of it needs them, read once.

    Args:
        row: the study.
        cell: of a sweep, whose trio is meant; None for a race.
        members: that are compared with each other.
        runs: by position, as far as they have begun.
        epochs: of those runs, in order.
        arms: by name, over their finished seeds.
        verdict: distilled minus alone; None where no seed has both.
    """

    row: StudyRow
    cell: CellValues | None
    members: Sequence[MemberRow]
    runs: Mapping[int, RunRow]
    epochs: Sequence[EpochRow]
    arms: Mapping[str, ArmResult]
    verdict: Verdict | None

    @property
    def recipe(self) -> Mapping[str, Any]:
        """Return the distilled student's recipe as JSON."""
        begun = (self.runs[m.position].recipe for m in self.members if m.arm == "distilled" and m.position in self.runs)
        return next(begun, recipe_of(self.row))


def load_race(store: Store, row: StudyRow, cell: CellValues | None = None) -> RaceData:
    """Return all rows of a race, or of a cell of a sweep, by three queries."""
    members, runs = members_and_runs(store, row.id, cell)
    epochs = store.runs.epochs({run.id for run in runs.values()})
    finished = _finished(members, runs, epochs)
    return RaceData(row, cell, members, runs, epochs, arm_results(finished, row.latency), race_verdict(finished))


def members_and_runs(
    store: Store, study: str, cell: CellValues | None = None
) -> tuple[list[MemberRow], dict[int, RunRow]]:
    """Return the members that are compared with each other and their runs by position, as far as they have begun.

    Args:
        store: where they are.
        study: a race, or a sweep.
        cell: of a sweep, whose trio is meant; None for all members.
    """
    members = [member for member in store.studies.members(study) if cell is None or member.cell == cell]
    positions = None if cell is None else [member.position for member in members]
    return members, store.studies.runs_of(study, positions)


def finished_members(store: Store, study: str, cell: CellValues | None = None) -> list[FinishedMember]:
    """Return the members of a study, or of one of its cells, that came to their end, in order of training."""
    members, runs = members_and_runs(store, study, cell)
    return _finished(members, runs, store.runs.reported({run.id for run in runs.values()}))


def _finished(
    members: Sequence[MemberRow], runs: Mapping[int, RunRow], epochs: Sequence[EpochRow]
) -> list[FinishedMember]:
    """Return the members whose run came to its end, with the epoch it reports; of others the epochs do not matter."""
    by_run = {(epoch.run, epoch.epoch): epoch for epoch in epochs}
    finished = []
    for member in members:
        run = runs.get(member.position)
        if run is None or run.status != "done" or run.reported_epoch is None:
            continue
        if epoch := by_run.get((run.id, run.reported_epoch)):
            finished.append(FinishedMember(member, run, epoch))
    return finished


def race_verdict(places: Sequence[FinishedMember]) -> Verdict | None:
    """Return distilled minus alone, over the seeds for which both are finished; None where there is none."""
    by_arm = {arm: {p.member.seed: p for p in places if p.member.arm == arm} for arm in ("alone", "distilled")}
    seeds = sorted(by_arm["alone"].keys() & by_arm["distilled"].keys())
    if not seeds:
        return None
    accuracy = {arm: [by_arm[arm][seed].epoch.scores["test"]["accuracy"] or 0.0 for seed in seeds] for arm in by_arm}
    return verdict(accuracy["distilled"], accuracy["alone"])


def test_set_interval(store: Store, places: Sequence[FinishedMember]) -> tuple[float, float] | None:
    """Return the interval of the verdict's difference that the choice of test images alone would give, in points."""
    right: dict[str, dict[int, Any]] = {"alone": {}, "distilled": {}}
    students = [place for place in places if place.member.arm in right]
    sources = {source: store.files.source(source) for source in {place.run.source or "" for place in students}}
    for place in students:
        logits, source = (
            store.files.logits(place.run.id, place.run.reported_epoch or 0),
            sources[place.run.source or ""],
        )
        if logits is None or source is None:
            return None
        right[place.member.arm][place.member.seed] = logits.argmax(-1) == source[0]["labels"]
    seeds = sorted(right["alone"].keys() & right["distilled"].keys())
    if not seeds:
        return None
    stacked = {arm: np.stack([rows[seed] for seed in seeds]) for arm, rows in right.items()}
    return bootstrap_interval(stacked["distilled"], stacked["alone"])


def race_numbers(store: Store, study: str, cell: CellValues | None = None) -> RaceNumbers:
    """Return what a race, or a cell of a sweep, comes to."""
    return _race_numbers(store, store.studies.get(study), finished_members(store, study, cell))


def _race_numbers(store: Store, row: StudyRow, places: Sequence[FinishedMember]) -> RaceNumbers:
    first = places[0].run if places else None
    source = store.files.source(first.source) if first and first.source else None
    return RaceNumbers(
        arm_results(places, row.latency),
        race_verdict(places),
        seeds=row.seeds,
        device=(first.execution or {}).get("device") if first else None,
        test_images=len(source[0]["labels"]) if source else None,
        test_set_ci95_pp=test_set_interval(store, places),
    )


def race_json(store: Store, study: str, cell: CellValues | None = None) -> dict[str, Any]:
    """Return a race, or a cell of a sweep, as the command line prints it: arms, verdict, and on what it was run."""
    row, places = store.studies.get(study), finished_members(store, study, cell)
    numbers = _race_numbers(store, row, places)
    return {
        "preset": row.preset,
        "dataset": recipe_of(row)["data"]["source"]["name"],
        "test_images": numbers.test_images,
        "seeds": row.seeds,
        "device": numbers.device,
        "study": study,
        "arms": {arm: result.to_json() for arm, result in numbers.arms.items()},
        "verdict": numbers.verdict and numbers.verdict.to_json(taught=is_taught(row)),
        "test_set_ci95_pp": numbers.test_set_ci95_pp,
        "notes": last_notes(store, places),
        **forks_json(store, recipe_of(row), row.number),
    }


def last_notes(store: Store, places: Sequence[FinishedMember]) -> dict[str, list[dict[str, Any]]]:
    """Return by subject what the distilled students' protocols told last, one entry a seed, with its epoch (from 0)."""
    students = {place.run.id: place.member.seed for place in places if place.member.arm == "distilled"}
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for note in store.runs.notes(students):  # by epoch, so that the last one stays
        last[note.subject, note.run] = {"seed": students[note.run], "epoch": note.epoch, **note.facts}
    by_subject: dict[str, list[dict[str, Any]]] = {}
    for (subject, _), facts in last.items():
        by_subject.setdefault(subject, []).append(facts)
    return {subject: sorted(rows, key=lambda row: row["seed"]) for subject, rows in by_subject.items()}


def recipe_of(row: StudyRow) -> dict[str, Any]:
    """Return the distilled student's recipe as JSON: a race's last member's, or the one that a sweep's cells change."""
    recipe: dict[str, Any] = row.spec.get("base") or row.spec["members"][-1]["recipe"]
    return recipe


@dataclass(frozen=True)
class ForkFacts:
    """Where a recipe left another one in mid-run.

    Args:
        parent: the other's fingerprint.
        epoch: after how many epochs.
        changes: by path, the value before and after.
    """

    parent: str
    epoch: int
    changes: Mapping[str, tuple[Any, Any]]


def forks_of(recipe: Mapping[str, Any]) -> list[ForkFacts]:
    """Return the forks that led to a recipe, given as JSON, from the first to the last; none for most recipes."""
    fork = recipe.get("fork")
    if fork is None:
        return []
    before, after = fork["recipe"]["method"], recipe["method"]
    moved = {f"method.{name}": (before.get(name), after[name]) for name in after if before.get(name) != after[name]}
    return [*forks_of(fork["recipe"]), ForkFacts(fork["parent"], fork["epoch"], moved)]


def forks_json(store: Store, recipe: Mapping[str, Any], before: int | None = None) -> dict[str, Any]:
    """Return ``forks`` of a recipe as the command line prints them, with the study that each left; {} without any.

    Args:
        store: where the studies are.
        recipe: as JSON.
        before: the number of the recipe's own study; None for a run, which several studies may name.
    """
    forks = [{**asdict(fork), "study": store.lineage.study_of(fork.parent, before)} for fork in forks_of(recipe)]
    return {"forks": forks} if forks else {}


def is_taught(row: StudyRow) -> bool:
    """Tell whether it is one teacher that a race's distilled student learns from, which helps or hurts it."""
    recipe = recipe_of(row)
    return recipe.get("teacher") is not None and recipe["protocol"]["name"] == "offline"


def sweep_rows(store: Store, study: str) -> list[dict[str, Any]]:
    """Return one row per finished run of a sweep: its cell, arm, seed and measures."""
    rows = []
    for place in finished_members(store, study):
        measures = {name: place.measure(name) for name in MEASURES}
        place_facts = {"arm": place.member.arm, "seed": place.member.seed, "run": place.run.id}
        costs = {name: (place.run.cost or {}).get(name) for name in ("parameters", "bytes", "macs")}
        rows.append({**place.member.cell, **place_facts, **measures, **costs, "seconds": place.run.seconds})
    return rows
