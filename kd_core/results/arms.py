"""What stored numbers say of one arm of a race, over its finished seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from kd_core.results.statistics import MeanSd, mean_sd
from kd_core.store import EpochRow, MemberRow, RunRow
from kd_core.vocabulary import ARMS, MEASURES


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
        arm: which.
        measures: by name, over the seeds; None where it does not apply (a teacher's agreement with itself).
        seconds: mean training time of one network; ``seconds_sd`` is None for a single seed.
        latency: by batch, how long it takes to answer: ``batch``, ``p50`` and ``p95`` in ms, ``threads``, ``device``.
        places: the finished members it is made of; empty for a race that comes with the product.
    """

    arm: str
    measures: Mapping[str, MeanSd | None]
    parameters: int
    bytes: int
    macs: int
    seconds: float
    latency: Sequence[Mapping[str, Any]] = ()
    places: tuple[FinishedMember, ...] = ()
    seconds_sd: float | None = None

    def without_rows(self) -> ArmResult:
        """Return the same numbers without the members they are made of: little enough for a cache."""
        return replace(self, places=())

    @property
    def single_latency(self) -> Mapping[str, Any] | None:
        """Return how long it takes to answer about one image; None where it was not timed."""
        return next((timed for timed in self.latency if timed["batch"] == 1), None)

    def to_json(self) -> dict[str, Any]:
        """Return what the command line prints of an arm of a race."""
        single = self.single_latency
        timed = {name: single[name] for name in ("p50", "p95", "batch", "threads")} if single else None
        return {
            **measures_json(self),
            "parameters": self.parameters,
            "bytes": self.bytes,
            "macs": self.macs,
            "latency_ms": timed,
            "latency_by_batch": [dict(timed) for timed in self.latency],
            "seconds": self.seconds,
        }

    @classmethod
    def from_json(cls, arm: str, facts: Mapping[str, Any]) -> Self:
        """Return an arm from what ``to_json`` wrote."""
        measures = {name: MeanSd.from_json(facts[name]) if facts[name] else None for name in MEASURES}
        sizes = {name: facts[name] for name in ("parameters", "bytes", "macs", "seconds")}
        return cls(arm, measures, **sizes, latency=facts["latency_by_batch"])


def arm_results(
    places: Sequence[FinishedMember], latency: Sequence[Mapping[str, Any]] | None = None
) -> dict[str, ArmResult]:
    """Return what is known of each arm of a race, as far as it has finished seeds.

    Args:
        places: the finished members.
        latency: the study's rows, each with its arm.
    """
    results = {}
    for arm in ARMS:
        of_arm = tuple(place for place in places if place.member.arm == arm)
        if arm == "teacher":  # one that taught several seeds counts once
            of_arm = tuple({place.run.id: place for place in of_arm}.values())
        if of_arm:
            timed = [timed for timed in latency or [] if timed["arm"] == arm]
            results[arm] = _arm_result(arm, of_arm, timed)
    return results


def measures_json(result: ArmResult) -> dict[str, Any]:
    """Return an arm's measures as the command line prints them."""
    by_name = {name: result.measures[name] for name in MEASURES}
    return {name: None if over_seeds is None else asdict(over_seeds) for name, over_seeds in by_name.items()}


def _arm_result(arm: str, places: tuple[FinishedMember, ...], latency: Sequence[Mapping[str, Any]]) -> ArmResult:
    measures: dict[str, MeanSd | None] = {}
    for name in (*MEASURES, "kl_to_teacher"):
        values = [value for place in places if (value := place.measure(name)) is not None]
        measures[name] = mean_sd(values) if len(values) == len(places) else None
    costs, seconds = places[0].run.cost or {}, mean_sd([place.run.seconds for place in places])
    return ArmResult(
        arm,
        measures,
        parameters=costs.get("parameters", 0),
        bytes=costs.get("bytes", 0),
        macs=costs.get("macs", 0),
        seconds=seconds.mean,
        seconds_sd=seconds.sd,
        latency=[{name: value for name, value in timed.items() if name != "arm"} for timed in latency],
        places=places,
    )
