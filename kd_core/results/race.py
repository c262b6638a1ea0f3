"""Results: what a study's stored numbers say, computed without running or importing any network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from kd_core.results.statistics import MeanSd, Verdict, bootstrap_interval, mean_sd, verdict
from kd_core.store import EpochRow, MemberRow, RunRow, Store, StudyRow
from kd_core.vocabulary import ARMS, MEASURES

CellValues = Mapping[str, Any]


@dataclass(frozen=True)
class FinishedMember:
    """A finished member of a study with its run and the epoch that is reported."""

    member: MemberRow
    run: RunRow
    epoch: EpochRow

    def measure(self, name: str) -> float | None:
        """Return accuracy, nll, ece or kl_to_teacher on test, or the agreement with this study's teacher."""
        if name in ("agreement", "kl_to_teacher"):
            return None if self.member.against_teacher is None else self.member.against_teacher.get(name)
        return self.epoch.scores["test"][name]


@dataclass(frozen=True)
class ArmResult:
    """One arm over its finished seeds.

    Args:
        spreads: by measure; None where it does not apply (a teacher's agreement with itself).
        seconds: mean training time of one network.
    """

    arm: str
    places: tuple[FinishedMember, ...]
    spreads: Mapping[str, MeanSd | None]
    parameters: int
    bytes: int
    macs: int
    seconds: float


def members_and_runs(
    store: Store, study: str, cell: CellValues | None = None
) -> tuple[list[MemberRow], dict[int, RunRow]]:
    """Return the members that are compared with each other and their runs by position, as far as they have begun.

    Args:
        store: where they are.
        study: a race, or a sweep.
        cell: of a sweep, whose trio is meant; None for all members.
    """
    members = [one for one in store.studies.members(study) if cell is None or one.cell == cell]
    return members, store.studies.runs_of(study, None if cell is None else [one.position for one in members])


def finished_members(store: Store, study: str, cell: CellValues | None = None) -> list[FinishedMember]:
    """Return the members of a study, or of one of its cells, that came to their end, in order of training."""
    members, runs = members_and_runs(store, study, cell)
    done = [m for m in members if m.position in runs and runs[m.position].reported_epoch is not None]
    rows = {row.run: row for row in store.runs.reported({runs[m.position].id for m in done})}
    places = []
    for member in done:
        run = runs[member.position]
        if run.status == "done" and (row := rows.get(run.id)):
            places.append(FinishedMember(member, run, row))
    return places


def arm_results(places: Sequence[FinishedMember]) -> dict[str, ArmResult]:
    """Return what is known of each arm of a race, as far as it has finished seeds."""
    found = {}
    for arm in ARMS:
        mine = tuple(place for place in places if place.member.arm == arm)
        if arm == "teacher":  # one that taught several seeds counts once
            mine = tuple({place.run.id: place for place in mine}.values())
        if mine:
            found[arm] = _arm_result(arm, mine)
    return found


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
    for place in places:
        if place.member.arm in right:
            logits = store.files.logits(place.run.id, place.run.reported_epoch or 0)
            source = store.files.source(place.run.source or "")
            if logits is None or source is None:
                return None
            right[place.member.arm][place.member.seed] = logits.argmax(-1) == source[0]["labels"]
    seeds = sorted(right["alone"].keys() & right["distilled"].keys())
    if not seeds:
        return None
    stacked = {arm: np.stack([rows[seed] for seed in seeds]) for arm, rows in right.items()}
    return bootstrap_interval(stacked["distilled"], stacked["alone"])


def race_json(store: Store, study: str, cell: CellValues | None = None) -> dict[str, Any]:
    """Return a race, or a cell of a sweep, as the command line prints it: arms, verdict, and on what it was run."""
    row, places = store.studies.get(study), finished_members(store, study, cell)
    arms, judged = arm_results(places), race_verdict(places)
    latency = {arm: [one for one in row.latency or [] if one["arm"] == arm] for arm in ARMS}
    first = places[0].run if places else None
    source = store.files.source(first.source) if first and first.source else None
    return {
        "preset": row.preset,
        "dataset": recipe_of(row)["data"]["source"]["name"],
        "test_images": len(source[0]["labels"]) if source else None,
        "seeds": row.seeds,
        "device": (first.execution or {}).get("device") if first else None,
        "study": study,
        "arms": {arm: _arm_json(result, latency[arm]) for arm, result in arms.items()},
        "verdict": None if judged is None else {**asdict(judged), "sentence": judged.sentence},
        "test_set_ci95_pp": test_set_interval(store, places),
        "notes": last_notes(store, places),
    }


def last_notes(store: Store, places: Sequence[FinishedMember]) -> dict[str, list[dict[str, Any]]]:
    """Return by subject what the distilled students' protocols told last, one entry a seed, with its epoch (from 0)."""
    students = {place.run.id: place.member.seed for place in places if place.member.arm == "distilled"}
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for note in store.runs.notes(students):  # by epoch, so that the last one stays
        last[note.subject, note.run] = {"seed": students[note.run], "epoch": note.epoch, **note.facts}
    found: dict[str, list[dict[str, Any]]] = {}
    for (subject, _), facts in last.items():
        found.setdefault(subject, []).append(facts)
    return {subject: sorted(rows, key=lambda row: row["seed"]) for subject, rows in found.items()}


def recipe_of(row: StudyRow) -> dict[str, Any]:
    """Return the distilled student's recipe as JSON: a race's last member's, or the one that a sweep's cells change."""
    recipe: dict[str, Any] = row.spec.get("base") or row.spec["members"][-1]["recipe"]
    return recipe


def sweep_rows(store: Store, study: str) -> list[dict[str, Any]]:
    """Return one row per finished run of a sweep: its cell, arm, seed and measures."""
    rows = []
    for place in finished_members(store, study):
        measures = {name: place.measure(name) for name in MEASURES}
        place_facts = {"arm": place.member.arm, "seed": place.member.seed, "run": place.run.id}
        costs = {name: (place.run.cost or {}).get(name) for name in ("parameters", "bytes", "macs")}
        rows.append({**place.member.cell, **place_facts, **measures, **costs, "seconds": place.run.seconds})
    return rows


def _arm_result(arm: str, places: tuple[FinishedMember, ...]) -> ArmResult:
    spreads: dict[str, MeanSd | None] = {}
    for name in (*MEASURES, "kl_to_teacher"):
        values = [value for place in places if (value := place.measure(name)) is not None]
        spreads[name] = mean_sd(values) if len(values) == len(places) else None
    costs = places[0].run.cost or {}
    return ArmResult(
        arm,
        places,
        spreads,
        parameters=costs.get("parameters", 0),
        bytes=costs.get("bytes", 0),
        macs=costs.get("macs", 0),
        seconds=float(np.mean([place.run.seconds for place in places])),
    )


def _arm_json(result: ArmResult, latency: list[dict[str, Any]]) -> dict[str, Any]:
    spreads = {name: result.spreads[name] for name in MEASURES}
    measures = {name: None if one is None else asdict(one) for name, one in spreads.items()}
    single = next((one for one in latency if one["batch"] == 1), None)
    timed = {name: single[name] for name in ("p50", "p95", "batch", "threads")} if single else None
    return {
        **measures,
        "parameters": result.parameters,
        "bytes": result.bytes,
        "macs": result.macs,
        "latency_ms": timed,
        "latency_by_batch": [{k: v for k, v in one.items() if k != "arm"} for one in latency],
        "seconds": result.seconds,
    }
