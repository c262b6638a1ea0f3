"""Events: the small frozen facts that a training loop reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from kd_core.functional import Scores


class Event:
    """A fact from the loop."""


@dataclass(frozen=True)
class Started(Event):
    """The loop is about to take its first step: the number of epochs and steps, and the epoch it resumes at."""

    epochs: int
    steps_per_epoch: int
    epoch: int = 0


@dataclass(frozen=True)
class StepDone(Event):
    """Some steps were taken since the last report.

    Args:
        epoch: 0-based.
        step: steps taken in all epochs so far.
        terms: each weighted loss term, mean over the steps since the last report.
    """

    epoch: int
    step: int
    terms: Mapping[str, float]

    @property
    def loss(self) -> float:
        """Return the sum of the terms."""
        return sum(self.terms.values())


@dataclass(frozen=True)
class EpochDone(Event):
    """An epoch was trained, and the network was asked about validation and test.

    Args:
        epoch: 0-based.
        terms: each weighted loss term, mean over the epoch's steps.
        applied: what the schedules gave for this epoch, e.g. ``{"temperature": 3.8, "lr": 0.001}``.
        logits: ``validation`` and ``test`` -> (N, K), float32, on the CPU.
        scores: the same splits' scores, computed before any rounding.
        seconds: training time of this epoch, without evaluation.
        snapshot: returns all that is needed to go on from here, by name.
        shares: of each term, how much of the gradient's length is its, 0..1, in the epochs where that was measured.
    """

    epoch: int
    terms: Mapping[str, float]
    applied: Mapping[str, float]
    logits: Mapping[str, Tensor]
    scores: Mapping[str, Scores]
    seconds: float
    snapshot: Callable[[], dict[str, Tensor]] = field(repr=False)
    shares: Mapping[str, float] = field(default_factory=dict)

    @property
    def loss(self) -> float:
        """Return the sum of the terms."""
        return sum(self.terms.values())


@dataclass(frozen=True)
class Together(Event):
    """All lanes of a loop have told their epoch: what they keep together, in one piece.

    Args:
        epoch: 0-based.
        lanes: those that took part in it.
        logits: ``validation`` and ``test`` -> (L, N, K), float32, on the CPU; without meaning for other lanes.
        snapshot: returns all that is needed to go on from here, by name.
    """

    epoch: int
    lanes: tuple[int, ...]
    logits: Mapping[str, Tensor] = field(repr=False)
    snapshot: Callable[[], dict[str, Tensor]] = field(repr=False)


@dataclass(frozen=True)
class Logged(Event):
    """Something that a protocol tells beside the curves of its network, such as how a second network fares.

    Args:
        subject: what it is about, e.g. "peer_2" or "round".
        epoch: 0-based.
        facts: numbers, words, or lists of them; fractions 0..1 where they are accuracies.
        arrays: pictures and the like, by name, on the CPU.
    """

    subject: str
    epoch: int
    facts: Mapping[str, Any]
    arrays: Mapping[str, Tensor] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Diverged(Event):
    """A term became infinite or not a number; the loop has ended."""

    step: int
    term: str
    value: float


@dataclass(frozen=True)
class Finished(Event):
    """The loop has ended well.

    Args:
        weights: the network's parameters and buffers at the reported epoch, on the CPU.
        epoch: the reported epoch: the last one, or the best on validation with early stopping.
        stopped_early: whether early stopping ended it.
    """

    weights: Mapping[str, Tensor] = field(repr=False)
    epoch: int
    stopped_early: bool = False
