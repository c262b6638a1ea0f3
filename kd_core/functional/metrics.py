"""Metrics: from stored logits and labels to accuracy, NLL, calibration error, agreement and confusion.

Every function takes logits (N, K) and labels (N,) on the same device and runs no network.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from kd_core.functional.divergences import log_soften, soften


@dataclass(frozen=True)
class Scores:
    """The scores of a network on one split.

    Args:
        accuracy: fraction 0..1.
        nll: mean negative log-likelihood of the labels, nats.
        ece: expected calibration error, fraction 0..1, 15 equal-width bins.
    """

    accuracy: float
    nll: float
    ece: float


def scores_by_lane(logits: Tensor, labels: Tensor) -> list[Scores]:
    """Return the scores of many networks on one split, as fast as those of a few.

    Args:
        logits: (L, N, K).
        labels: (N,), or (L, N) where lanes are evaluated on images of their own.
    """
    log_p = log_soften(logits)
    labels = labels.expand(log_p.shape[:2])
    top, chosen = log_p.max(-1)
    right = chosen == labels
    likelihood = log_p.gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    columns = [_mean(right), -_mean(likelihood), _calibration_errors(top.exp(), right)]
    return [Scores(*row) for row in torch.stack(columns, dim=1).tolist()]


def _mean(values: Tensor) -> Tensor:
    return values.double().mean(-1)


def _calibration_errors(confidence: Tensor, right: Tensor, bins: int = 15) -> Tensor:
    """Return (L,) expected calibration errors of (L, N) confidences: the sum over bins of |confidence - right|."""
    lanes = torch.arange(len(confidence), device=confidence.device).unsqueeze(1)
    index = (_bin(confidence, bins) + bins * lanes).flatten()
    gaps = torch.zeros(bins * len(confidence), dtype=torch.float64, device=confidence.device)
    gaps.index_add_(0, index, (confidence.double() - right.double()).flatten())
    return gaps.reshape(-1, bins).abs().sum(1) / confidence.shape[1]


def _bin(confidence: Tensor, bins: int) -> Tensor:
    """Return in which of the bins (b / bins, (b + 1) / bins] each confidence lies."""
    return ((confidence.double() * bins).ceil().long() - 1).clamp(0, bins - 1)


def agreement(logits: Tensor, teacher_logits: Tensor) -> float:
    """Return the fraction of images on which two networks choose the same class (Stanton et al. 2021)."""
    return float((logits.argmax(-1) == teacher_logits.argmax(-1)).double().mean())


def calibration_bins(logits: Tensor, labels: Tensor, bins: int = 15) -> Tensor:
    """Return (bins, 3): number of images, mean confidence and accuracy in equal-width bins of confidence.

    Bin b holds confidences in (b / bins, (b + 1) / bins], as in Guo et al. 2017; an empty bin is all zeros.
    """
    confidence, chosen = soften(logits).double().max(-1)
    right = (chosen == labels).double()
    index = _bin(confidence, bins)
    count = torch.zeros(bins, dtype=torch.float64).index_add_(0, index, torch.ones_like(confidence))
    sums = torch.zeros(2, bins, dtype=torch.float64)
    sums[0].index_add_(0, index, confidence)
    sums[1].index_add_(0, index, right)
    return torch.stack([count, *(sums / count.clamp(min=1))], dim=1)


def confusion(logits: Tensor, labels: Tensor) -> Tensor:
    """Return (K, K) counts: row = the label, column = what the network chose."""
    classes = logits.shape[-1]
    pairs = labels * classes + logits.argmax(-1)
    return torch.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def per_class_accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return (K,) fractions; NaN where the split has no image of a class."""
    counts = confusion(logits, labels).double()
    return counts.diagonal() / counts.sum(1)


def mean_soft_labels(logits: Tensor, labels: Tensor, temperature: float = 1.0) -> Tensor:
    """Return (K, K): the mean softened distribution over all images of each class; NaN for a class without images."""
    classes = logits.shape[-1]
    sums = torch.zeros(classes, classes, dtype=torch.float64)
    sums.index_add_(0, labels, soften(logits, temperature).double())
    return sums / torch.bincount(labels, minlength=classes).unsqueeze(1)
