"""The rule by which recorded numbers are called reproduced or not: arithmetic on a document, never a hand's choice.

A published figure is *met* where our mean lies within its tolerance: two standard errors that its own number of test
images gives, unless the source speaks of "about". A direction *holds* where the 95 % interval of the difference lies
wholly beyond what is asked: over seeds by Student's t from three seeds on, below that over test images by bootstrap.

All directions hold and all published figures are met: "reproduced". All directions hold: "direction reproduced".
Otherwise: "not reproduced". How small an effect so many seeds can see is told beside it: ``detectable``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from kd_core.results import bootstrap_interval, mean_sd, t_interval

SEEDS_FOR_T = 3
POWER = 0.8
OUTCOMES = ("not reproduced", "not affordable", "not recorded", "direction reproduced", "reproduced")


@dataclass(frozen=True)
class Measured:
    """One figure by seed.

    Args:
        values: in the figure's unit.
        by_image: for each seed (N,) bool whose sum, or mean in %, is the value; empty where it is no count of images.
    """

    values: Sequence[float]
    by_image: Sequence[Any] = ()


def tolerance(published: float | None, unit: str, images: int | None) -> float | None:
    """Return two standard errors of a published figure that was counted on ``images`` test images."""
    if published is None or images is None:
        return None
    share = published / (images if unit == "errors" else 100)
    error = (share * (1 - share) / images) ** 0.5
    return round(2 * error * (images if unit == "errors" else 100), 4)


def numbers(measured: Measured) -> dict[str, Any]:
    """Return values by seed with mean, standard deviation and 95 % interval by Student's t."""
    spread, interval = mean_sd(measured.values), t_interval(measured.values)
    return {"values": list(spread.values), "mean": spread.mean, "sd": spread.sd, "ci95": interval and list(interval)}


def difference(higher: Measured, lower: Measured | None, unit: str) -> dict[str, Any]:
    """Return ``higher`` minus ``lower`` (or 0), paired by seed, with its interval and what that is over."""
    others = [0.0] * len(higher.values) if lower is None else lower.values
    paired = [value - other for value, other in zip(higher.values, others, strict=True)]
    interval, basis = t_interval(paired) if len(paired) >= SEEDS_FOR_T else None, "seeds"
    if interval is None and len(higher.by_image):
        own = np.stack(higher.by_image)
        against = np.zeros_like(own) if lower is None else np.stack(lower.by_image)
        scale = own.shape[-1] / 100 if unit == "errors" else 1.0
        low, high = bootstrap_interval(own, against)
        interval, basis = (scale * low, scale * high), "images"
    sd = mean_sd(paired).sd
    return {
        "difference": float(np.mean(paired)),
        "ci95": interval and list(interval),
        "basis": basis,
        "sd": sd,
        "detectable": None if sd is None else sd * detectable_sds(len(paired)),
    }


@cache
def detectable_sds(seeds: int, power: float = POWER) -> float:
    """Return the smallest true difference, in standard deviations of the paired differences, that ``seeds`` can see.

    So large a difference gives a 95 % interval without 0 in it with probability ``power``, by the noncentral t
    distribution with seeds - 1 degrees of freedom.

    Args:
        seeds: at least 2.
        power: 0..1.

    Source: Cohen 1988, chapter 2.
    """
    from scipy.optimize import brentq
    from scipy.stats import nct, t

    limit = t.ppf(0.975, seeds - 1)
    missing = lambda shift: nct.sf(limit, seeds - 1, shift) - power  # noqa: E731
    return float(brentq(missing, 0.0, 1000.0)) / float(seeds) ** 0.5


def effect(direction: Mapping[str, Any], higher: Sequence[float], lower: Sequence[float]) -> list[float]:
    """Return by seed how large a difference is in % of what the claim says is worse.

    For accuracies that is the share of the errors that goes away, for amounts (errors, epochs, nats) the share of the
    amount. Positive is as claimed.

    Args:
        direction: with its ``effect``, "accuracy" or "amount".
        higher: by seed, of the figure that is claimed to be higher.
        lower: by seed, of the other.
    """
    pairs = zip(higher, lower, strict=True)
    if direction["effect"] == "accuracy":
        return [100 * (more - less) / (100 - less) for more, less in pairs if less < 100]
    return [100 * (more - less) / more for more, less in pairs if more]


def met(figure: Mapping[str, Any]) -> bool | None:
    """Tell whether our mean is within the tolerance of the published figure; None where there is none to meet."""
    if figure["published"] is None or figure["tolerance"] is None or not figure["values"]:
        return None
    return bool(abs(figure["mean"] - figure["published"]) <= figure["tolerance"])


def holds(direction: Mapping[str, Any]) -> bool:
    """Tell whether a direction's interval lies wholly beyond what is asked."""
    return direction["ci95"] is not None and direction["ci95"][0] > direction["least"]


def outcome(document: Mapping[str, Any]) -> str:
    """Return what a document's numbers allow to say."""
    if any(not figure["values"] for figure in document["figures"]):
        return "not affordable" if document["not_affordable"] else "not recorded"
    if not all(holds(direction) for direction in document["directions"]):
        return "not reproduced"
    judged = [verdict for figure in document["figures"] if (verdict := met(figure)) is not None]
    if judged and all(judged):
        return "reproduced"
    return "direction reproduced" if document["directions"] else "not reproduced"
