"""Statistics: differences paired by seed, their intervals, and the verdict in words a test can check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

Outcome = Literal["better", "worse", "no difference detected", "one seed"]


@dataclass(frozen=True)
class MeanSd:
    """Mean and standard deviation over seeds; ``sd`` is None for a single seed."""

    mean: float
    sd: float | None
    values: tuple[float, ...]

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        """Return what was written as JSON."""
        return cls(facts["mean"], facts["sd"], tuple(facts["values"]))


@dataclass(frozen=True)
class Verdict:
    """Distilled minus alone by seed, in percentage points.

    Args:
        difference_pp: mean of the paired differences.
        ci95_pp: 95 % interval by Student's t with n - 1 degrees of freedom; None with one seed.
        outcome: what the interval allows to say.
        seeds: how many pairs.
    """

    difference_pp: float
    ci95_pp: tuple[float, float] | None
    outcome: Outcome
    seeds: int

    def to_json(self, taught: bool = True) -> dict[str, Any]:
        """Return what the command line prints, the English sentence included.

        Args:
            taught: whether it is a teacher that made the difference; else the sentence speaks of none.
        """
        return {**asdict(self), "sentence": self.sentence if taught else self.sentence_without_teacher}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        """Return a verdict from what ``to_json`` wrote."""
        interval = facts["ci95_pp"]
        low_high = None if interval is None else (interval[0], interval[1])
        return cls(facts["difference_pp"], low_high, facts["outcome"], facts["seeds"])

    @property
    def sentence(self) -> str:
        """Return the verdict in English; pages render ``outcome`` and the numbers in the reader's language."""
        return self._sentence("The teacher helped", "The teacher hurt")

    @property
    def sentence_without_teacher(self) -> str:
        """Return the verdict in English where other networks, or none, stand in a teacher's place."""
        return self._sentence("Better than the student alone", "Worse than the student alone")

    def _sentence(self, better: str, worse: str) -> str:
        if self.ci95_pp is None:
            return (
                f"One seed: {self.difference_pp:+.2f} percentage points. "
                "Train more seeds to see whether that is more than chance."
            )
        low, high = self.ci95_pp
        interval = f"95 % interval {low:+.2f} to {high:+.2f}, n = {self.seeds} seeds"
        words = {"better": better, "worse": worse}.get(self.outcome, "No difference detected")
        return f"{words}: {self.difference_pp:+.2f} percentage points ({interval})."


def mean_sd(values: Sequence[float]) -> MeanSd:
    """Return mean and sample standard deviation of at least one value."""
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return MeanSd(float(np.mean(values)), sd, tuple(float(value) for value in values))


def t_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float] | None:
    """Return the two-sided interval of the mean by Student's t; None for fewer than two values."""
    if len(values) < 2:
        return None
    from scipy.special import stdtrit  # here, because scipy takes a while to import and first paint needs none

    half = float(stdtrit(len(values) - 1, (1 + level) / 2)) * float(np.std(values, ddof=1)) / len(values) ** 0.5
    mean = float(np.mean(values))
    return mean - half, mean + half


def verdict(distilled: Sequence[float], alone: Sequence[float]) -> Verdict:
    """Compare accuracies (fractions) of the two students, paired by seed.

    Raises:
        ValueError: the two differ in number, or there are none.
    """
    if len(distilled) != len(alone) or not distilled:
        raise ValueError("a verdict needs the same seeds on both sides, at least one")
    differences = [100 * (with_teacher - without) for with_teacher, without in zip(distilled, alone, strict=True)]
    interval = t_interval(differences)
    outcome: Outcome
    if interval is None:
        outcome = "one seed"
    elif interval[0] > 0:
        outcome = "better"
    elif interval[1] < 0:
        outcome = "worse"
    else:
        outcome = "no difference detected"
    return Verdict(float(np.mean(differences)), interval, outcome, len(differences))


def bootstrap_interval(
    distilled_right: NDArray[np.bool_], alone_right: NDArray[np.bool_], draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % interval of the difference that another test set of the same size would give, in points.

    A paired bootstrap over images: both students are evaluated on the same drawn images, averaged over seeds.

    Args:
        distilled_right: (seeds, N), whether the distilled student was right on each image.
        alone_right: (seeds, N), the same for the student alone.
    """
    gain = distilled_right.mean(0) - alone_right.mean(0)
    values, counts = np.unique(gain, return_counts=True)
    resampled = np.random.default_rng(seed).multinomial(len(gain), counts / len(gain), size=draws)
    low, high = np.percentile(100 * resampled @ values / len(gain), [2.5, 97.5])
    return float(low), float(high)


def wilson_interval(successes: int, trials: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return the interval of a share, which stays inside 0..1 even where all trials or none succeed; (0, 1) for none.

    Args:
        successes: how many.
        trials: of how many.
        z: quantile of the normal distribution; by default that of 95 %.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    if not trials:
        return 0.0, 1.0
    share, square = successes / trials, z * z / trials
    middle = (share + square / 2) / (1 + square)
    half = z * (share * (1 - share) / trials + square / (4 * trials)) ** 0.5 / (1 + square)
    return (0.0 if successes == 0 else middle - half), (1.0 if successes == trials else middle + half)
