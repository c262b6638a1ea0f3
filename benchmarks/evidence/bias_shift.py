"""Bias shift: one number added to the logits of some classes, chosen on validation from stored logits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.floating]
Labels = NDArray[np.integer]


def wrong(logits: Logits, labels: Labels, only: int | None = None) -> int:
    """Return how many images are told wrong.

    Args:
        logits: (N, K).
        labels: (N,).
        only: count those of this class alone; None counts all.
    """
    off = logits.argmax(-1) != labels
    return int((off if only is None else off & (labels == only)).sum())


def shifted(logits: Logits, classes: Sequence[int], amount: float) -> NDArray[np.float64]:
    """Return logits (N, K) with ``amount`` added at ``classes``: what raising their biases in the last layer does."""
    moved = logits.astype(np.float64)
    moved[:, list(classes)] += amount
    return moved


def best_shift(logits: Logits, labels: Labels, classes: Sequence[int]) -> float:
    """Return the amount for ``shifted`` with the fewest wrong images, exactly.

    An image goes over to ``classes`` where the amount exceeds its margin, the largest of the other logits minus the
    largest of theirs, so the number of right ones changes at the margins only. Among the stretches between them that
    are equally good the one nearest to 0 is taken: 0 itself where it lies inside, else the middle of the stretch.

    Args:
        logits: (N, K), of images that did not train the network.
        labels: (N,).
        classes: which share the amount; some of the K, not all.

    Source: Hinton et al. 2015, section 3, who chose the amount on the test images.
    """
    values = logits.astype(np.float64)
    inside = np.zeros(values.shape[-1], dtype=bool)
    inside[list(classes)] = True
    own, others = np.where(inside, values, -np.inf), np.where(inside, -np.inf, values)
    margin = others.max(-1) - own.max(-1)
    order = np.argsort(margin, kind="stable")
    right_over = (own.argmax(-1) == labels)[order]
    right_here = (others.argmax(-1) == labels)[order]
    # With k images gone over (those of the k smallest margins), so many are right: k = 0 .. N.
    right = np.concatenate([[0], np.cumsum(right_over)]) + np.concatenate([np.cumsum(right_here[::-1])[::-1], [0]])
    edges = np.concatenate([[margin.min() - 2.0], margin[order], [margin.max() + 2.0]])
    low, high = edges[:-1], edges[1:]
    best = (right == right[high > low].max()) & (high > low)
    inner = np.where((low < 0) & (high > 0), 0.0, (low + high) / 2)
    candidates = inner[best]
    return float(candidates[np.abs(candidates).argmin()])
