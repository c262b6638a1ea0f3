"""Softened probabilities of stored logits in NumPy: what a page can compute before torch is there.

``kd_core.functional.divergences`` and ``kd_core.functional.metrics`` are the same in torch; a test holds both together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def log_soften(logits: Floats, temperature: float = 1.0) -> Floats:
    """Return log softmax(z / T), shape (..., K), in float64; an infinite temperature gives -ln K everywhere."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    shifted = scaled - scaled.max(-1, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return result


def soften(logits: Floats, temperature: float = 1.0) -> Floats:
    """Return softmax(z / T), shape (..., K)."""
    result: Floats = np.exp(log_soften(logits, temperature))
    return result


def entropy(logits: Floats, temperature: float = 1.0) -> Floats:
    """Return the entropy of softmax(z / T) over the last dimension, in nats."""
    log_p = log_soften(logits, temperature)
    result: Floats = -(np.exp(log_p) * log_p).sum(-1)
    return result


def kl_divergence(teacher_logits: Floats, student_logits: Floats, temperature: float = 1.0) -> Floats:
    """Return KL(p_t || p_s) of every image, in nats, no T² factor; 0 for identical logits."""
    teacher, student = log_soften(teacher_logits, temperature), log_soften(student_logits, temperature)
    result: Floats = np.maximum((np.exp(teacher) * (teacher - student)).sum(-1), 0.0)
    return result


def mean_soft_labels(logits: Floats, labels: NDArray[np.integer], temperature: float = 1.0) -> Floats:
    """Return (K, K): row k is the mean of softmax(z / T) over the images of class k; NaN where there are none."""
    classes = logits.shape[-1]
    labelled = labels >= 0
    sums = np.zeros((classes, classes))
    np.add.at(sums, labels[labelled], soften(logits[labelled], temperature))
    counts = np.bincount(labels[labelled], minlength=classes).astype(np.float64)
    counts[counts == 0] = np.nan
    result: Floats = sums / counts[:, None]
    return result


def mean_nll(logits: Floats, labels: NDArray[np.integer], temperature: float = 1.0) -> float:
    """Return the mean of -log softmax(z / T) at the label, in nats; NaN without labels."""
    labelled = np.flatnonzero(labels >= 0)
    if not len(labelled):
        return float("nan")
    return float(-log_soften(logits[labelled], temperature)[np.arange(len(labelled)), labels[labelled]].mean())
