"""Targets: what else than its class can be predicted about an image, with true labels measured from its pixels."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from kd_core.datasets.splits import LoadedDataset, Split

TARGETS = {
    "slant": ("leans left", "stands", "leans right"),
    "thickness": ("thin", "medium", "thick"),
}
STEEP = 0.15


def with_target(source: LoadedDataset, question: str) -> LoadedDataset:
    """Return a dataset whose labels are those of another target; "class" leaves it as it is.

    Boundaries that depend on the data come from the training images alone.
    """
    if question == "class":
        return source
    measure = slant if question == "slant" else thickness
    edges = torch.tensor([-STEEP, STEEP]) if question == "slant" else _thirds(measure(source.train.images))
    validation = source.validation and _relabelled(
        source.validation, measure(source.validation.images), edges, question
    )
    return replace(
        source,
        train=_relabelled(source.train, measure(source.train.images), edges, question),
        validation=validation,
        test=_relabelled(source.test, measure(source.test.images), edges, question),
    )


def target_classes(classes: tuple[str, ...], question: str) -> tuple[str, ...]:
    """Return the class names of a target, for a dataset with these classes."""
    return TARGETS.get(question, classes)


def slant(images: Tensor) -> Tensor:
    """Return how far the ink moves to the right for each pixel up, (N,), by its second moments.

    Args:
        images: (N, C, H, W), uint8, bright on dark.
    """
    ink = images.float().mean(1)
    ink = ink / ink.sum((1, 2), keepdim=True).clamp(min=1)
    height, width = ink.shape[1:]
    down = torch.arange(height, dtype=torch.float32, device=ink.device)
    right = torch.arange(width, dtype=torch.float32, device=ink.device)
    down = down[None, :, None] - (ink.sum(2) * down).sum(1)[:, None, None]
    right = right[None, None, :] - (ink.sum(1) * right).sum(1)[:, None, None]
    covariance, variance = (ink * down * right).sum((1, 2)), (ink * down.square()).sum((1, 2))
    return -covariance / variance.clamp(min=1e-6)


def thickness(images: Tensor) -> Tensor:
    """Return how much of the drawn area is deep inside it, (N,): the mean brightness of what is bright at all.

    Args:
        images: (N, C, H, W), uint8, bright on dark.
    """
    ink = images.float().mean(1) / 255
    inside = torch.nn.functional.avg_pool2d(ink.unsqueeze(1), 3, stride=1, padding=1).squeeze(1)
    return (ink * inside).sum((1, 2)) / ink.sum((1, 2)).clamp(min=1e-6)


def _thirds(values: Tensor) -> Tensor:
    return torch.quantile(values, torch.tensor([1 / 3, 2 / 3], device=values.device)).cpu()


def _relabelled(split: Split, values: Tensor, edges: Tensor, question: str) -> Split:
    labels = torch.bucketize(values, edges.to(values.device))
    return replace(split, labels=labels, classes=TARGETS[question], normalised_images=None)
