"""What the trials share: the small pair of networks, choosing on validation, and counting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from benchmarks.evidence.rule import Measured
from benchmarks.evidence.trial_store import Trained, TrialBroke, Trials
from kd_core import Recipe

MNIST = {"name": "mnist", "mean": [0.1307], "sd": [0.3081]}
TUNING_SEEDS = (100, 101)
"""Settings are chosen with these, and judged with others."""

Networks: TypeAlias = Sequence[Trained | None]


@dataclass(frozen=True)
class Trial:
    """What came of a claim.

    Args:
        figures: by key.
        numbers: of the setting, by the names with which its words ask for them.
        epochs: of the networks, by arm.
    """

    figures: Mapping[str, Measured]
    numbers: Mapping[str, Any] = field(default_factory=dict)
    epochs: Mapping[str, int] = field(default_factory=dict)


WAITING = Trial({})
"""What a trial returns while pieces of it are only counted."""

TrialFunction: TypeAlias = Callable[[Trials, int], Trial]
"""From the trials and the number of seeds."""


def small_pair(labels: int | None = 5000, epochs: int = 40, **changes: Any) -> Recipe:
    """Return a student 784-32-32-10 that has some labels of MNIST, and its teacher 784-400-400-10 that saw all.

    Args:
        labels: of the student.
        epochs: of the student.
        changes: by path, with a double underscore for the dot.
    """
    recipe = Recipe.from_json(
        {
            "data": {"source": MNIST, "labelled": labels},
            "student": {"name": "mlp", "widths": [32, 32]},
            "method": {"name": "soft_targets", "temperature": 4, "teacher_weight": 0.9},
            "optim": {"lr": 0.002, "batch": 64, "epochs": epochs},
            "teacher": {
                "data": {"source": MNIST, "augmentation": "shift"},
                "student": {"name": "mlp", "widths": [400, 400], "dropout": 0.3},
                "optim": {"lr": 0.001, "lr_schedule": "cosine", "batch": 128, "epochs": 12},
            },
        }
    )
    return recipe.changed({path.replace("__", "."): value for path, value in changes.items()})


def sure(networks: Networks) -> list[Trained]:
    """Return networks none of which diverged.

    Raises:
        TrialBroke: one did, so the figures cannot be paired by seed.
    """
    kept = [network for network in networks if network is not None]
    if len(kept) < len(networks):
        raise TrialBroke("a network diverged, and the figures cannot be paired by seed")
    return kept


def errors(trials: Trials, networks: Networks) -> Measured:
    """Return the number of test images told wrong, by seed."""
    missed = [~trials.right(network) for network in sure(networks)]
    return Measured([float(wrong.sum()) for wrong in missed], missed)


def percent(marks: Sequence[Any]) -> Measured:
    """Return the share of marked images by seed, in %."""
    return Measured([100 * float(of_seed.mean()) for of_seed in marks], marks)


def accuracy(trials: Trials, networks: Networks) -> Measured:
    """Return the test accuracy by seed, in %."""
    return percent([trials.right(network) for network in sure(networks)])


def mean_of(*figures: Measured) -> Measured:
    """Return by seed the mean of several figures."""
    return Measured([float(np.mean(values)) for values in zip(*(figure.values for figure in figures), strict=True)])


def minus(higher: Measured, lower: Measured) -> Measured:
    """Return by seed the difference of two figures."""
    return Measured([more - less for more, less in zip(higher.values, lower.values, strict=True)])


def chosen(trials: Trials, found: Mapping[str, Networks]) -> str:
    """Return the arm with the highest mean validation accuracy; a diverged network counts as 0.

    Where nothing is trained yet it is the first, so that the pieces that follow can be counted.
    """
    means = {
        arm: float(np.mean([0.0 if own is None else trials.right(own, "validation").mean() for own in networks]))
        for arm, networks in found.items()
        if networks
    }
    return max(means, key=lambda arm: means[arm]) if len(means) == len(found) else next(iter(found))
