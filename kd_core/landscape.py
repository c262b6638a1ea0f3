"""Landscape: what a sweep's stored numbers say about each of its cells, and which cell validation would choose."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kd_core.store import Store
from kd_core.store.study_table import PlaceRow

LEVEL = 0.95
TROUBLE = ("diverged", "failed", "lost")

Scores = Mapping[tuple[str, int], Mapping[str, Mapping[str, float | None]]]
"""By run and epoch (from 0), then by part and measure."""


@dataclass(frozen=True)
class Trial:
    """One seed of a cell: its student beside the student alone of the same seed, after equally many epochs.

    Args:
        run: the distilled student's, or None where it has not begun.
        status: of that run; "" where it has not begun. A baseline in trouble is told here too.
        epoch: epochs done, of ``epochs``.
        ended: whether both came to their end, so that the reported epochs are compared.
        accuracy: on test, a fraction; ``alone`` is the baseline's.
        validation: accuracy on validation, a fraction; ``validation_nll`` in nats.
    """

    seed: int
    run: str | None
    status: str
    epoch: int
    epochs: int
    ended: bool
    accuracy: float | None
    alone: float | None
    validation: float | None
    validation_nll: float | None

    @property
    def gain(self) -> float | None:
        """Return distilled minus alone on test, in percentage points."""
        return None if self.accuracy is None or self.alone is None else 100 * (self.accuracy - self.alone)


@dataclass(frozen=True)
class Cell:
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
    trials: tuple[Trial, ...]
    interval: tuple[float, float] | None = None
    parameters: int | None = None
    macs: int | None = None

    @property
    def counted(self) -> tuple[Trial, ...]:
        """Return the trials that the cell's numbers are about: those that ended, else those under way."""
        known = [trial for trial in self.trials if trial.gain is not None]
        return tuple([trial for trial in known if trial.ended] or known)

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
        of = self.counted or self.trials
        return min((trial.epoch for trial in of), default=0), max((trial.epochs for trial in of), default=0)


@dataclass(frozen=True)
class Pool:
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

        return float(stdtrit(self.degrees, (1 + LEVEL) / 2)) * self.sd / self.seeds**0.5


@dataclass(frozen=True)
class Landscape:
    """All cells of a sweep.

    Args:
        axes: the values by path.
        seeds: asked for.
        cells: in the order of the study.
        pool: behind the intervals of the cells that have come furthest; None where there are none.
    """

    axes: Mapping[str, Sequence[Any]]
    seeds: int
    cells: tuple[Cell, ...]
    pool: Pool | None

    @property
    def candidates(self) -> tuple[Cell, ...]:
        """Return the cells among which validation chooses: finished ones with the most seeds."""
        ended = [cell for cell in self.cells if cell.ended and cell.validation is not None]
        most = max((cell.n for cell in ended), default=0)
        return tuple(cell for cell in ended if cell.n == most)

    @property
    def best(self) -> Cell | None:
        """Return the cell with the highest mean validation accuracy, ties by lower NLL; test has no say."""
        found = self.candidates
        return max(found, key=lambda cell: (cell.validation or 0.0, -(cell.validation_nll or 0.0)), default=None)

    @property
    def judged(self) -> tuple[Cell, ...]:
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


def read_landscape(store: Store, study: str) -> Landscape:
    """Return a sweep as far as it is, by three light queries."""
    spec, places = store.studies.get(study).spec, store.studies.places(study)
    scores = store.runs.scores(wanted_scores(places))
    return landscape(spec["axes"], spec["cells"], spec["seeds"], places, scores)


def landscape(
    axes: Mapping[str, Sequence[Any]],
    cells: Sequence[Mapping[str, Any]],
    seeds: int,
    places: Sequence[PlaceRow],
    scores: Scores,
) -> Landscape:
    """Return what the cells of a sweep say.

    Args:
        axes: the values by path.
        cells: the study's, in order.
        seeds: of every cell.
        places: the study's members.
        scores: of the epochs that ``wanted_scores`` names.
    """
    pairs = _pairs(places)
    found = []
    for index, values in enumerate(cells):
        mine = [(seed, pairs.get((_key(values), seed))) for seed in range(seeds)]
        trials = tuple(_trial(seed, pair, scores) for seed, pair in mine)
        cost: Mapping[str, Any] = next((pair[0].cost for _, pair in mine if pair and pair[0].cost), {})
        found.append(
            Cell(index, values, trials, parameters=cost.get("parameters"), macs=cost.get("macs")),
        )
    return _with_intervals(axes, seeds, found)


def wanted_scores(places: Sequence[PlaceRow]) -> set[tuple[str, int]]:
    """Return run and epoch (from 0) of everything that is compared."""
    wanted = set()
    for distilled, alone in _pairs(places).values():
        for place, epoch in zip((distilled, alone), _compared(distilled, alone), strict=True):
            if place is not None and place.run and epoch is not None:
                wanted.add((place.run, epoch))
    return wanted


def where(cells: Iterable[Cell], fixed: Mapping[str, Any]) -> tuple[Cell, ...]:
    """Return the cells with these values, by path."""
    return tuple(cell for cell in cells if all(cell.values[path] == value for path, value in fixed.items()))


def line_cut(found: Landscape, along: str, fixed: Mapping[str, Any]) -> tuple[Cell, ...]:
    """Return the cells with a number on a line through the landscape, by rising value (or in the axis's order).

    Args:
        found: the landscape.
        along: the path that changes.
        fixed: what the other axes are held at.
    """
    cells = [cell for cell in where(found.cells, fixed) if cell.gain is not None]
    return tuple(sorted(cells, key=lambda cell: place_on(found.axes[along], cell.values[along])))


def ordered(values: Sequence[Any]) -> list[Any]:
    """Return an axis's values without repeats: numbers rising, anything else as given."""
    kept = [value for index, value in enumerate(values) if value not in values[:index]]
    return sorted(kept) if all(is_number(value) for value in kept) else kept


def place_on(values: Sequence[Any], value: Any) -> int:
    """Return a value's place among an axis's ordered values."""
    return ordered(values).index(value)


def is_number(value: Any) -> bool:
    """Tell whether an axis's value has a place on a line of numbers."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def front(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return the cells to which no other is preferable in both MACs and test accuracy, the cheapest first."""
    known = [cell for cell in cells if cell.macs and cell.accuracy is not None]
    kept: list[Cell] = []
    for cell in sorted(known, key=lambda cell: (cell.macs or 0, -(cell.accuracy or 0.0))):
        if not kept or (cell.accuracy or 0.0) > (kept[-1].accuracy or 0.0):
            kept.append(cell)
    return tuple(kept)


def table(found: Landscape) -> list[dict[str, Any]]:
    """Return one row per cell in full precision, for a file that other programs read."""
    best = found.best
    rows = []
    for cell in found.cells:
        low, high = cell.interval or (None, None)
        gain = {"gain_pp": cell.gain, "ci95_low_pp": low, "ci95_high_pp": high, "seeds": cell.n}
        accuracy = {"test_accuracy": cell.accuracy, "alone_test_accuracy": cell.alone}
        validation = {"validation_accuracy": cell.validation, "validation_nll": cell.validation_nll}
        state = {"epoch": cell.epoch[0], "ended": cell.ended, "trouble": cell.trouble or None}
        size = {"parameters": cell.parameters, "macs": cell.macs}
        chosen = {"chosen_on_validation": best is not None and cell.index == best.index}
        rows.append({"cell": cell.index, **cell.values, **gain, **accuracy, **validation, **state, **size, **chosen})
    return rows


def _pairs(places: Sequence[PlaceRow]) -> dict[tuple[str, int], tuple[PlaceRow, PlaceRow | None]]:
    """Return distilled and alone by cell and seed; equal recipes are one run, whichever member it was given to."""
    begun = {place.fingerprint: place for place in reversed(places) if place.run}
    alone, distilled = dict[tuple[str, int], PlaceRow](), dict[tuple[str, int], PlaceRow]()
    for place in places:
        if place.arm != "teacher":
            arm = alone if place.arm == "alone" else distilled
            arm[_key(place.cell), place.seed] = begun.get(place.fingerprint, place)
    return {at: (place, alone.get(at)) for at, place in distilled.items()}


def _key(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)


def _compared(distilled: PlaceRow, alone: PlaceRow | None) -> tuple[int | None, int | None]:
    """Return the epochs (from 0) that are looked at: the reported ones, or equally many epochs of both."""
    if alone is None or not (distilled.epoch and alone.epoch):
        return None, None
    if _done(distilled) and _done(alone):
        return distilled.reported_epoch, alone.reported_epoch
    reached = min(distilled.epoch, alone.epoch) - 1
    return distilled.epoch - 1, reached


def _done(place: PlaceRow) -> bool:
    return place.status == "done" and place.reported_epoch is not None


def _trial(seed: int, pair: tuple[PlaceRow, PlaceRow | None] | None, scores: Scores) -> Trial:
    if pair is None:
        return Trial(seed, None, "", 0, 0, False, None, None, None, None)
    distilled, alone = pair
    broken = alone is not None and alone.status in TROUBLE
    status = (alone.status if alone is not None and broken else distilled.status) or ""
    own, other = _compared(distilled, alone)
    mine = scores.get((distilled.run or "", -1 if own is None else own), {})
    theirs = scores.get((alone.run or "" if alone else "", -1 if other is None else other), {})
    sound = status not in TROUBLE
    return Trial(
        seed=seed,
        run=distilled.run,
        status=status,
        epoch=distilled.epoch or 0,
        epochs=distilled.epochs or 0,
        ended=_done(distilled) and alone is not None and _done(alone),
        accuracy=_score(mine, "test", "accuracy") if sound else None,
        alone=_score(theirs, "test", "accuracy") if sound else None,
        validation=_score(mine, "validation", "accuracy") if sound else None,
        validation_nll=_score(mine, "validation", "nll") if sound else None,
    )


def _score(scores: Mapping[str, Mapping[str, float | None]], part: str, measure: str) -> float | None:
    return scores.get(part, {}).get(measure)


def _with_intervals(axes: Mapping[str, Sequence[Any]], seeds: int, cells: Sequence[Cell]) -> Landscape:
    """Give every cell an interval from the pool of the cells that are as far as it is, in seeds and in state."""
    groups: dict[tuple[bool, int], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.ended, cell.n), []).append(cell)
    pools = {at: _pool(group) for at, group in groups.items()}
    furthest = max((at for at, pool in pools.items() if pool is not None), default=None)
    judged = [_judged(cell, pools[cell.ended, cell.n]) for cell in cells]
    return Landscape(axes, seeds, tuple(judged), None if furthest is None else pools[furthest])


def _pool(cells: Sequence[Cell]) -> Pool | None:
    """Return the pooled spread of cells with equally many seeds, or None with one seed.

    A cell that equals its baseline in every seed (a teacher that nobody listens to) has no chance in it and would make
    the others look surer than they are, so it is left out.
    """
    varied = [cell.gains for cell in cells if cell.n > 1 and any(cell.gains)]
    if not varied:
        return None
    seeds = len(varied[0])
    variance = float(np.mean([np.var(gains, ddof=1) for gains in varied]))
    return Pool(len(varied), seeds, variance**0.5, len(varied) * (seeds - 1))


def _judged(cell: Cell, pool: Pool | None) -> Cell:
    if pool is None or cell.gain is None:
        return cell
    return replace(cell, interval=(cell.gain - pool.half_width, cell.gain + pool.half_width))


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
