"""The order in which test images are looked at: ambiguous first, disagreements, look-alikes, or as stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from kd_core.results import Floats, entropy, log_soften

Order = Literal["ambiguous", "disagreements", "lookalikes", "stored"]
ORDERS: Final[tuple[Order, ...]] = ("ambiguous", "disagreements", "lookalikes", "stored")

Indices = NDArray[np.intp]


def ordered(
    order: Order,
    logits: Mapping[str, Floats],
    labels: NDArray[np.integer],
    *,
    of_class: int | None = None,
    like: int | None = None,
    temperature: float = 1.0,
) -> Indices:
    """Return the indices of the images to look at, in order.

    Args:
        order: "ambiguous" by falling entropy at T = 1; "disagreements" those whose most likely class differs between
            networks, likewise sorted; "lookalikes" by falling probability of ``like``; "stored" by index.
        logits: by arm, (N, K); the teacher leads where there is one, else the first arm.
        labels: (N,).
        of_class: only images of this class.
        like: the class that look-alikes resemble; images of that class itself are left out.
        temperature: at which look-alikes are ranked; where it makes all probabilities equal, they stay as stored.
    """
    lead = leading(logits)
    chosen = np.ones(len(labels), dtype=bool) if of_class is None else labels == of_class
    if order == "disagreements":
        votes = np.stack([values.argmax(-1) for values in logits.values()])
        chosen &= (votes != votes[0]).any(0)
    if order == "lookalikes" and like is not None:
        chosen &= labels != like
    rank = _rank(order, logits[lead], like, temperature)
    indices = np.flatnonzero(chosen)
    return indices if rank is None else indices[np.argsort(rank[indices], kind="stable")]


def best_look_alikes(
    logits: Floats, labels: NDArray[np.integer], label: int, temperature: float = 1.0
) -> dict[int, tuple[int, float]]:
    """Return by other class the image of ``label`` that looks most like it, with its probability, the highest first.

    Args:
        logits: (N, K), finite or not; an image with one that is not is left out.
        labels: (N,).
        label: whose images are looked at.
        temperature: of the probabilities.
    """
    indices = np.flatnonzero((labels == label) & np.isfinite(logits).all(-1))
    if not len(indices):
        return {}
    logs = log_soften(logits[indices], temperature)
    best = {like: int(logs[:, like].argmax()) for like in range(logits.shape[-1]) if like != label}
    found = {like: (int(indices[place]), float(np.exp(logs[place, like]))) for like, place in best.items()}
    return dict(sorted(found.items(), key=lambda pair: -pair[1][1]))


def leading(logits: Mapping[str, Floats]) -> str:
    """Return the arm that orders the images: the teacher, or the first there is."""
    return "teacher" if "teacher" in logits else next(iter(logits))


def neighbour(order: Indices, sample: int, step: int) -> int:
    """Return the image ``step`` places further, stopping at both ends; the first one when the sample is not in it."""
    place = position(order, sample)
    if place is None:
        return int(order[0]) if len(order) else sample
    return int(order[min(max(place + step, 0), len(order) - 1)])


def position(order: Indices, sample: int) -> int | None:
    """Return the sample's place in the order, or None."""
    indices = np.flatnonzero(order == sample)
    return int(indices[0]) if len(indices) else None


def _rank(order: Order, logits: Floats, like: int | None, temperature: float) -> Floats | None:
    if order == "stored" or (order == "lookalikes" and like is None):
        return None
    if order == "lookalikes":
        result: Floats = -log_soften(logits, temperature)[:, like]
        return result
    return -entropy(logits)
