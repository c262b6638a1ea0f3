"""A finding: a possible cause, what of the run speaks for it, and the experiment that would settle it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from kd_core.errors import Reason

Cause = Literal[
    "budget",
    "teacher_weak",
    "teacher_overconfident",
    "t2_off",
    "idle_term",
    "extreme_weight",
    "extreme_temperature",
    "student_small",
    "student_large",
    "learning_rate_high",
    "learning_rate_low",
    "few_test_images",
    "one_seed",
    "untuned",
]

Unit = Literal["percent", "points", "nats", "share", "parameters", "seeds", "times"]

SEEDS: Final = "seeds"
"""The one path of an experiment that belongs to the study and not to its recipe."""


@dataclass(frozen=True)
class Evidence:
    """What of a run speaks for a cause: a few numbers, or a small series.

    Args:
        measure: what was measured, a key of the catalogue's ``doctor.measure``.
        unit: of all of it; ``percent`` and ``points`` count to 100, ``share`` to 1.
        numbers: by whose they are: an arm, a term of the loss, or another name.
        series: the same after each epoch, a mean over the seeds.
    """

    measure: str
    unit: Unit
    numbers: Mapping[str, float] = field(default_factory=dict)
    series: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return what the command line prints."""
        facts: dict[str, Any] = {"measure": self.measure, "unit": self.unit}
        if self.numbers:
            facts["numbers"] = dict(self.numbers)
        if self.series:
            facts["series"] = {name: list(values) for name, values in self.series.items()}
        return facts


@dataclass(frozen=True)
class Finding:
    """A possible cause of what a study came to.

    Args:
        cause: its name.
        sentence: what was seen, in English, with a code for other languages.
        evidence: the numbers behind the sentence.
        experiment: what to change, by path of the distilled student's recipe or ``seeds``, to settle it; empty where
            no setting does.
        explains: how much of the result it would explain by itself, 0..1; the likeliest cause has the most.
        cells: of a sweep or a method race, the trios that it was found in.
    """

    cause: Cause
    sentence: Reason
    evidence: Evidence
    experiment: Mapping[str, Any]
    explains: float
    cells: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what the command line prints; ``cells`` for a study of many trios."""
        facts = {
            "cause": self.cause,
            "sentence": str(self.sentence),
            "evidence": self.evidence.to_json(),
            "try": dict(self.experiment),
        }
        return {**facts, "cells": [dict(cell) for cell in self.cells]} if self.cells else facts
