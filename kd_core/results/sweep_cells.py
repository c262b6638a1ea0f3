"""Cells: the settings of a sweep with their gains, the intervals they share, and the cell that validation chooses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kd_core.results.sweep_seeds import SeedResult
from kd_core.vocabulary import TROUBLE

LEVEL = 0.95


@dataclass(frozen=True)
class SweepCell:
    """One setting of a sweep over its seeds.

    Args:
        index: its place among the study's cells.
        values: on the axes, by path.
        trials: one a seed, in order.
        interval: of the mean gain, in percentage points, with the sd pooled over the cells; None with one seed.
        parameters: of the student; ``macs`` are multiply-accumulates for one image.
    """

    index: int
    values: Mapping[str, Any]
    trials: tuple[SeedResult, ...]
    interval: tuple[float, float] | None = None
    parameters: int | None = None
    macs: int | None = None

    @property
    def counted(self) -> tuple[SeedResult, ...]:
        """Return the trials that the cell's numbers are about: those that ended, else those under way."""
        with_gain = [trial for trial in self.trials if trial.gain is not None]
        return tuple([trial for trial in with_gain if trial.ended] or with_gain)

    @property
    def ended(self) -> bool:
        """Tell whether the numbers are those of reported epochs."""
        return bool(self.counted) and all(trial.ended for trial in self.counted)

    @property
    def n(self) -> int:
        """Return over how many seeds the numbers are."""
        return len(self.counted)

    @property
    def gains(self) -> tuple[float, ...]:
        """Return the paired differences by seed, in percentage points."""
        return tuple(trial.gain for trial in self.counted if trial.gain is not None)

    @property
    def gain(self) -> float | None:
        """Return the mean of the paired differences on test, in percentage points."""
        return _mean(self.gains)

    @property
    def accuracy(self) -> float | None:
        """Return mean accuracy on test."""
        return _mean(trial.accuracy for trial in self.counted)

    @property
    def alone(self) -> float | None:
        """Return the baseline's mean accuracy on test over the same seeds."""
        return _mean(trial.alone for trial in self.counted)

    @property
    def validation(self) -> float | None:
        """Return mean accuracy on validation, by which cells are chosen."""
        return _mean(trial.validation for trial in self.counted)

    @property
    def validation_nll(self) -> float | None:
        """Return mean NLL on validation, in nats: it decides between equal accuracies."""
        return _mean(trial.validation_nll for trial in self.counted)

    @property
    def contains_zero(self) -> bool | None:
        """Tell whether the interval contains 0; None where there is no interval."""
        return None if self.interval is None else self.interval[0] <= 0 <= self.interval[1]

    @property
    def trouble(self) -> str:
        """Return how a seed of it broke down: "diverged", "failed", "lost" or nothing."""
        return next((trial.status for trial in self.trials if trial.status in TROUBLE), "")

    @property
    def epoch(self) -> tuple[int, int]:
        """Return the epochs done by the seed that is behind, among those that count, and the epochs there are."""
        results = self.counted or self.trials
        return min((trial.epoch for trial in results), default=0), max((trial.epochs for trial in results), default=0)


@dataclass(frozen=True)
class PooledInterval:
    """The spread of paired differences that cells with equally many seeds share.

    Args:
        cells: how many took part.
        seeds: of each.
        sd: in percentage points.
        degrees: of freedom, cells x (seeds - 1).
    """

    cells: int
    seeds: int
    sd: float
    degrees: int

    @property
    def half_width(self) -> float:
        """Return half of a cell's 95 % interval, by Student's t, in percentage points."""
        from scipy.special import stdtrit  # here, because scipy takes a while to import and first paint needs none

        return float(stdtrit(self.degrees, (1 + LEVEL) / 2)) * self.sd / math.sqrt(self.seeds)


@dataclass(frozen=True)
class SweepResults:
    """All cells of a sweep.

    Args:
        axes: the values by path.
        seeds: asked for.
        cells: in the order of the study.
        pool: behind the intervals of the cells that have come furthest; None where there are none.
    """

    axes: Mapping[str, Sequence[Any]]
    seeds: int
    cells: tuple[SweepCell, ...]
    pool: PooledInterval | None

    @property
    def candidates(self) -> tuple[SweepCell, ...]:
        """Return the cells among which validation chooses: finished ones with the most seeds."""
        ended = [cell for cell in self.cells if cell.ended and cell.validation is not None]
        most = max((cell.n for cell in ended), default=0)
        return tuple(cell for cell in ended if cell.n == most)

    @property
    def best(self) -> SweepCell | None:
        """Return the cell with the highest mean validation accuracy, ties by lower NLL; test plays no part."""
        candidates = self.candidates
        return max(candidates, key=lambda cell: (cell.validation or 0.0, -(cell.validation_nll or 0.0)), default=None)

    @property
    def judged(self) -> tuple[SweepCell, ...]:
        """Return the cells that have an interval."""
        return tuple(cell for cell in self.cells if cell.interval is not None)

    @property
    def marked(self) -> int:
        """Return how many cells have an interval that does not contain 0."""
        return sum(not cell.contains_zero for cell in self.judged)

    @property
    def by_chance(self) -> float:
        """Return how many cells chance alone would mark if no setting made any difference."""
        return (1 - LEVEL) * len(self.judged)

    @property
    def sizes_differ(self) -> bool:
        """Tell whether the cells' students differ in their multiply-accumulates."""
        return len({cell.macs for cell in self.cells if cell.macs}) > 1


def with_intervals(axes: Mapping[str, Sequence[Any]], seeds: int, cells: Sequence[SweepCell]) -> SweepResults:
    """Give every cell an interval from the pool of the cells that are as far as it is, in seeds and in state."""
    groups: dict[tuple[bool, int], list[SweepCell]] = {}
    for cell in cells:
        groups.setdefault((cell.ended, cell.n), []).append(cell)
    pools = {state: _pool(group) for state, group in groups.items()}
    furthest = max((state for state, pool in pools.items() if pool is not None), default=None)
    halves = {state: None if pool is None else pool.half_width for state, pool in pools.items()}
    with_interval = [_with_interval(cell, halves[cell.ended, cell.n]) for cell in cells]
    return SweepResults(axes, seeds, tuple(with_interval), None if furthest is None else pools[furthest])


def _pool(cells: Sequence[SweepCell]) -> PooledInterval | None:
    """Return the pooled spread of cells with equally many seeds, or None with one seed.

    A cell that equals its baseline in every seed (a teacher without any weight) has no chance in it and would make
    the others look surer than they are, so it is left out.
    """
    varied = [cell.gains for cell in cells if cell.n > 1 and any(cell.gains)]
    if not varied:
        return None
    seeds = len(varied[0])
    variance = float(np.mean([np.var(gains, ddof=1) for gains in varied]))
    return PooledInterval(len(varied), seeds, math.sqrt(variance), len(varied) * (seeds - 1))


def _with_interval(cell: SweepCell, half_width: float | None) -> SweepCell:
    gain = cell.gain
    if half_width is None or gain is None:
        return cell
    return replace(cell, interval=(gain - half_width, gain + half_width))


def _mean(values: Iterable[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None
