"""Events: the small frozen facts that a training loop reports, each of which knows the lanes it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kd_core.functional import Scores
from kd_core.notes import Note

if TYPE_CHECKING:
    from torch import Tensor


class Event:
    """A fact from the loop, about one network or about several that are trained as lanes."""

    def only(self, lane: int) -> Event | None:
        """Return the event of a single network, numbered 0, as far as it is about ``lane``; else None."""
        return self


@dataclass(frozen=True)
class Started(Event):
    """The loop is about to take its first step.

    Args:
        epochs: how many there are.
        steps_per_epoch: how many steps each has.
        epoch: at which it begins, 0-based; above 0 where it goes on.
        lanes: how many networks it trains.
    """

    epochs: int
    steps_per_epoch: int
    epoch: int = 0
    lanes: int = 1

    def only(self, lane: int) -> Started:
        """Return the event of a single network."""
        return replace(self, lanes=1)


@dataclass(frozen=True)
class StepDone(Event):
    """Some steps were taken since the last report.

    Args:
        epoch: 0-based.
        step: steps taken in all epochs so far.
        losses: by lane, each weighted loss term, mean over the steps since the last report.
    """

    epoch: int
    step: int
    losses: Mapping[int, Mapping[str, float]]

    def only(self, lane: int) -> StepDone | None:
        """Return the event of a single network."""
        return replace(self, losses={0: self.losses[lane]}) if lane in self.losses else None


@dataclass(frozen=True)
class LaneEpoch:
    """One network's epoch.

    Args:
        losses: each weighted loss term, mean over the epoch's steps.
        schedule_values: what the schedules gave for this epoch, e.g. ``{"temperature": 3.8, "lr": 0.001}``.
        scores: ``validation`` and ``test`` -> scores, computed before any rounding.
        seconds: training time of this epoch, without evaluation; a lane's share of the loop's.
        gradient_shares: of each term, how much of the gradient's length is its, 0..1, in the epochs where that was
            measured.
    """

    losses: Mapping[str, float]
    schedule_values: Mapping[str, float]
    scores: Mapping[str, Scores]
    seconds: float
    gradient_shares: Mapping[str, float] = field(default_factory=dict)

    @property
    def loss(self) -> float:
        """Return the sum of the terms."""
        return sum(self.losses.values())


@dataclass(frozen=True)
class EpochEnd(Event):
    """An epoch was trained, and every network in it was evaluated on validation and test.

    Args:
        epoch: 0-based.
        lanes: by lane, those that took part in it.
        logits: ``validation`` and ``test`` -> (L, N, K), float32, on the CPU; without meaning for other lanes.
        state_dict: returns all that is needed to go on from here, by name.
    """

    epoch: int
    lanes: Mapping[int, LaneEpoch]
    logits: Mapping[str, Tensor] = field(repr=False)
    state_dict: Callable[[], dict[str, Tensor]] = field(repr=False)

    def only(self, lane: int) -> EpochEnd | None:
        """Return the event of a single network; its ``state_dict`` is that of the whole loop."""
        if lane not in self.lanes:
            return None
        logits = {split: values[lane : lane + 1] for split, values in self.logits.items()}
        return replace(self, lanes={0: self.lanes[lane]}, logits=logits)


@dataclass(frozen=True)
class Logged(Event):
    """Something told beside the curves of a network, such as how a second network fares.

    Args:
        epoch: 0-based.
        note: what it is, as typed facts.
        arrays: pictures and the like, by name, on the CPU.
    """

    epoch: int
    note: Note
    arrays: Mapping[str, Tensor] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Diverged(Event):
    """A loss term became infinite or not a number; this network learns no more."""

    step: int
    term: str
    value: float
    lane: int = 0

    def only(self, lane: int) -> Diverged | None:
        """Return the event of a single network."""
        return replace(self, lane=0) if lane == self.lane else None


@dataclass(frozen=True)
class Finished(Event):
    """A network has come to its end.

    Args:
        weights: its parameters and buffers at the reported epoch, on the CPU.
        epoch: the reported epoch: the last one, or the best on validation with early stopping.
        stopped_early: whether early stopping ended it.
        lane: which network.
    """

    weights: Mapping[str, Tensor] = field(repr=False)
    epoch: int
    stopped_early: bool = False
    lane: int = 0

    def only(self, lane: int) -> Finished | None:
        """Return the event of a single network."""
        return replace(self, lane=0) if lane == self.lane else None
