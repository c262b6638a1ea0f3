"""Rows: what the store returns, as frozen values without any object of the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kd_core.errors import KDError, reasons_json
from kd_core.settings import Settings
from kd_core.vocabulary import ALIVE, Status


@dataclass(frozen=True)
class StudyRow:
    """A study and how far it is; times are seconds since 1970, ``spec`` is the study as JSON.

    ``estimate`` is how many seconds it was thought to take when it was asked for.
    """

    id: str
    number: int
    name: str
    note: str
    keep: bool
    kind: str
    preset: str
    seeds: int
    spec: dict[str, Any] = field(repr=False)
    fresh: bool
    device: str
    precision: str
    status: Status
    wish: str | None
    created: float
    started: float | None
    finished: float | None
    activity: dict[str, Any] | None
    error: dict[str, Any] | None
    latency: list[dict[str, Any]] | None
    fingerprint: str | None = None
    estimate: float | None = None

    @property
    def alive(self) -> bool:
        """Tell whether it still waits or trains."""
        return self.status in ALIVE


@dataclass(frozen=True)
class AliveRow:
    """A study that waits or runs, with what decides whose turn it is; ``estimate`` in seconds."""

    id: str
    number: int
    status: str
    started: float | None
    estimate: float | None
    owners: frozenset[str]


@dataclass(frozen=True)
class RunRow:
    """A run and how far it is; ``epoch`` and ``step`` count what was done, ``seconds`` is training time alone."""

    id: str
    fingerprint: str
    recipe: dict[str, Any] = field(repr=False)
    status: Status
    created: float
    finished: float | None
    seconds: float
    epoch: int
    epochs: int
    step: int
    steps: int
    reported_epoch: int | None
    source: str | None
    execution: dict[str, Any] | None
    cost: dict[str, Any] | None
    error: dict[str, Any] | None


@dataclass(frozen=True)
class MemberRow:
    """A run's place in a study; ``run`` is None until it begins, or after it was deleted."""

    study: str
    position: int
    arm: str
    seed: int
    cell: dict[str, Any]
    fingerprint: str
    run: str | None
    reused: bool
    against_teacher: dict[str, float] | None


@dataclass(frozen=True)
class MemberProgress:
    """A member of a study and how far its run is, without any recipe; without a run, ``status`` is None.

    ``epoch`` and ``epochs`` count what was done and what there is to do; ``reported_epoch`` counts from 0.
    """

    position: int
    arm: str
    seed: int
    cell: dict[str, Any]
    fingerprint: str
    run: str | None
    status: str | None
    epoch: int | None
    epochs: int | None
    reported_epoch: int | None
    source: str | None
    cost: dict[str, Any] | None


@dataclass(frozen=True)
class EpochRow:
    """One epoch of a run; ``scores`` holds validation's and test's as dictionaries, ``shares`` the gradient's."""

    run: str
    epoch: int
    loss: float
    terms: dict[str, float]
    applied: dict[str, float]
    scores: dict[str, dict[str, float | None]]
    seconds: float
    shares: dict[str, float] | None = None


@dataclass(frozen=True)
class PointRow:
    """The loss terms between two epochs: ``epoch`` is a fraction of epochs done."""

    run: str
    step: int
    epoch: float
    terms: dict[str, float]


@dataclass(frozen=True)
class NoteRow:
    """Something that a protocol recorded beside a run's curves, after an epoch (from 0)."""

    run: str
    subject: str
    epoch: int
    facts: dict[str, Any]


def error_json(error: KDError) -> dict[str, Any]:
    """Return an error as plain values for a row: a page renders it in the reader's language."""
    fields = {name: str(value) for name, value in error.fields.items()}
    reasons = reasons_json(error.fields)
    return {"code": error.code, "fields": fields, "sentence": str(error)} | ({"reasons": reasons} if reasons else {})


def member_rows(study_id: str, study: Settings) -> list[dict[str, Any]]:
    """Return what the store keeps of each member of a study when it is asked for, in order of training."""
    rows = []
    for position, member in enumerate(study.members):  # type: ignore[attr-defined]
        columns = {
            "arm": member.arm,
            "seed": member.seed,
            "cell": member.cell,
            "fingerprint": member.recipe.fingerprint(),
        }
        rows.append({"study": study_id, "position": position, **columns})
    return rows
