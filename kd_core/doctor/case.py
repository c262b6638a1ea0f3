"""A case: what is known of one trio of a finished study, read from the store once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np

from kd_core.results import (
    ArmResult,
    CellValues,
    Floats,
    RaceData,
    Verdict,
    load_race,
    stored_logits,
    test_set_interval,
)
from kd_core.store import EpochRow, RunRow, Store, StudyRow
from kd_core.vocabulary import ARMS

Values = tuple[float, ...]
OTHER_IMAGES: Final = frozenset({"data_free", "federated"})
"""Protocols whose distilled student learns from images that are made up, or public and without labels."""


@dataclass(frozen=True)
class Curve:
    """How the networks of one arm learned.

    Args:
        losses: by seed, the loss on the training images after each epoch: of teacher and student alone the
            cross-entropy with the labels, in nats; of the distilled student the sum of all terms.
        validations: by seed, the accuracy on the validation split after each epoch, 0..1.
    """

    losses: tuple[Values, ...] = ()
    validations: tuple[Values, ...] = ()

    @property
    def loss(self) -> Values:
        """Return the mean over the seeds after each epoch."""
        return mean_by_epoch(self.losses)

    @property
    def validation(self) -> Values:
        """Return the mean accuracy over the seeds after each epoch."""
        return mean_by_epoch(self.validations)

    @property
    def final_loss(self) -> float:
        """Return the loss of the last quarter of the epochs, the median seed's; NaN where nothing was recorded."""
        return _median([float(np.mean(losses[-_quarter(losses) :])) for losses in self.losses])

    @property
    def pace(self) -> float:
        """Return how fast the loss falls in the last quarter, as a share of its mean fall an epoch; the median seed's.

        1 where it falls as fast as ever, 0 where it has come to rest; NaN below two epochs.
        """
        return _median([_pace(losses) for losses in self.losses if len(losses) > 1])

    @property
    def roughness(self) -> float:
        """Return by how much of its first value the loss rises in an epoch, falls counting as 0; the median seed's."""
        return _median([_roughness(losses) for losses in self.losses if len(losses) > 1])

    @property
    def highest_loss(self) -> float:
        """Return the highest loss of any epoch, the median seed's."""
        return _median([max(losses) for losses in self.losses])

    @property
    def rise(self) -> float:
        """Return by how much the mean accuracy rose from the last quarter but one to the last, 0..1."""
        values = self.validation
        if len(values) < 2:
            return 0.0
        quarter = _quarter(values)
        return float(np.mean(values[-quarter:]) - np.mean(values[-2 * quarter : -quarter]))


def _quarter(values: Values) -> int:
    return max(1, len(values) // 4)


def _pace(losses: Values) -> float:
    quarter, mean_fall = _quarter(losses), (losses[0] - losses[-1]) / (len(losses) - 1)
    return (losses[-quarter - 1] - losses[-1]) / quarter / mean_fall if mean_fall > 0 else 0.0


def _roughness(losses: Values) -> float:
    rises = sum(max(0.0, after - before) for before, after in pairwise(losses))
    return rises / (len(losses) - 1) / max(losses[0], 1e-12)


def mean_by_epoch(seeds: Sequence[Values]) -> Values:
    """Return the mean after each epoch, over the seeds that reached it."""
    return tuple(
        float(np.mean([values[epoch] for values in seeds if epoch < len(values)]))
        for epoch in range(max(map(len, seeds), default=0))
    )


@dataclass(frozen=True)
class Case:
    """What is known of one trio of a finished study: teacher, student alone and distilled student.

    Args:
        recipe: the distilled student's, as JSON; its ``teacher`` is None where nobody taught it.
        verdict: distilled minus alone on the test split; None where no seed has both.
        accuracy: on test, by arm, one a seed, 0..1.
        curves: by arm.
        parameters: by arm.
        diverged: the arms of which a network broke down to infinity or NaN.
        shares: by term of the distilled student's loss, its mean share of the gradient over the epochs in which that
            was measured, 0..1.
        terms: the names of all terms of that loss.
        silent: the terms that were exactly 0 in every epoch: their weight is 0.
        classes: K.
        test_images: how many judge.
        test_set_ci95_pp: the interval that the choice of test images alone gives the verdict, in points.
        teacher_logits: of the first seed's teacher on the test images, (N, K); None where there is none.
    """

    recipe: Mapping[str, Any]
    verdict: Verdict | None = None
    accuracy: Mapping[str, Values] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)
    diverged: frozenset[str] = frozenset()
    shares: Mapping[str, float] = field(default_factory=dict)
    terms: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    classes: int = 0
    test_images: int = 0
    test_set_ci95_pp: tuple[float, float] | None = None
    teacher_logits: Floats | None = None

    @property
    def taught(self) -> bool:
        """Tell whether a teacher's answers are in the distilled student's loss."""
        return self.recipe.get("teacher") is not None

    @property
    def same_images(self) -> bool:
        """Tell whether the distilled student learned from the images, and labels, of the student alone."""
        return self.recipe["protocol"]["name"] not in OTHER_IMAGES

    @property
    def better(self) -> bool:
        """Tell whether the distilled student is better than the student alone, beyond what chance does."""
        return self.verdict is not None and self.verdict.outcome == "better"

    @property
    def guess_nats(self) -> float:
        """Return the loss of a network that knows nothing, ln K."""
        return math.log(max(2, self.classes))

    def mean(self, arm: str) -> float:
        """Return an arm's mean test accuracy, 0..1; NaN where no seed came to its end."""
        return _mean(self.accuracy.get(arm, ()))

    def curve(self, arm: str) -> Curve:
        """Return an arm's curve; an empty one where no seed came to its end."""
        return self.curves.get(arm, Curve())


def case_of(store: Store, row: StudyRow, cell: CellValues | None = None) -> Case:
    """Return what is known of a race, or of one cell of a sweep or a method race."""
    race = load_race(store, row, cell)
    runs = {arm: _runs(race, arm) for arm in ARMS}
    finished = [place for result in race.arms.values() for place in result.places]
    by_run: dict[str, list[EpochRow]] = {}
    for epoch in race.epochs:
        by_run.setdefault(epoch.run, []).append(epoch)
    ended = {arm: [by_run[run.id] for run in runs[arm] if run.status == "done" and run.id in by_run] for arm in ARMS}
    logits = stored_logits.of_race(store, race)
    taught = [epoch for epochs in ended["distilled"] for epoch in epochs]
    return Case(
        recipe=race.recipe,
        verdict=race.verdict,
        accuracy={arm: _accuracies(result) for arm, result in race.arms.items()},
        curves={arm: _curve(epochs, labels_only=arm != "distilled") for arm, epochs in ended.items()},
        parameters={arm: result.parameters for arm, result in race.arms.items()},
        diverged=frozenset(arm for arm in ARMS if any(run.status == "diverged" for run in runs[arm])),
        shares=_mean_shares(taught),
        terms=frozenset(_terms(taught)),
        silent=frozenset(name for name in _terms(taught) if not any(epoch.terms.get(name) for epoch in taught)),
        classes=0 if logits is None else len(logits.classes),
        test_images=0 if logits is None else len(logits.labels),
        test_set_ci95_pp=test_set_interval(store, finished),
        teacher_logits=None if logits is None else logits.logits.get("teacher"),
    )


def _runs(race: RaceData, arm: str) -> list[RunRow]:
    return [race.runs[member.position] for member in race.members if member.arm == arm and member.position in race.runs]


def _accuracies(result: ArmResult) -> Values:
    accuracy = result.measures["accuracy"]
    return () if accuracy is None else accuracy.values


def _curve(seeds: Sequence[Sequence[EpochRow]], labels_only: bool) -> Curve:
    """Return how an arm learned; what a protocol adds to the labels of one that has nothing else is left out."""

    def loss(epoch: EpochRow) -> float:
        return epoch.terms.get("labels", epoch.loss) if labels_only else epoch.loss

    accuracy = tuple(tuple(epoch.scores["validation"]["accuracy"] or 0.0 for epoch in epochs) for epochs in seeds)
    return Curve(tuple(tuple(map(loss, epochs)) for epochs in seeds), accuracy)


def _terms(epochs: Sequence[EpochRow]) -> set[str]:
    return {name for epoch in epochs for name in epoch.terms}


def _mean_shares(epochs: Sequence[EpochRow]) -> dict[str, float]:
    measured = [epoch.shares for epoch in epochs if epoch.shares]
    return {name: _mean([shares.get(name, 0.0) for shares in measured]) for name in (measured[0] if measured else ())}


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else math.nan


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if len(values) else math.nan
