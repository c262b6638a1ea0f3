"""The batches of all lanes, seed by seed, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from kd_core.datasets import Split, Splits, noisy_labels
from kd_core.networks import Network
from kd_core.outputs import Outputs
from kd_core.recipe import Recipe
from kd_core.training import Batch, DistillationLoader, cache_teacher_outputs


class LaneLoader:
    """The batches of every seed, side by side: each seed sees its own images in its own order.

    Args:
        loaders: by seed, equally long.
    """

    def __init__(self, loaders: Sequence[DistillationLoader]) -> None:
        self.loaders = loaders
        self.steps = loaders[0].steps

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield images (S, B, C, H, W), labels (S, B) or (S, B, M), and the teachers' logits (S, B, K)."""
        for of_seeds in zip(*(loader.batches(epoch) for loader in self.loaders), strict=True):
            images, labels, teachers = zip(*of_seeds, strict=True)
            logits = [outputs.logits for outputs in teachers if outputs is not None]
            yield torch.stack(images), torch.stack(labels), Outputs(torch.stack(logits)) if logits else None


def lane_loader(
    recipes: Sequence[Sequence[Recipe]],
    splits: Sequence[Splits],
    teachers: Sequence[Network | None],
    teacher_outputs: Sequence[Outputs | None] | None,
) -> LaneLoader:
    """Return the batches of a grid of recipes by seed and setting.

    Args:
        recipes: by seed and setting.
        splits: by seed, prepared without label noise.
        teachers: by seed.
        teacher_outputs: by seed, on all training images, where they were cached before; else they are now.
    """
    if teacher_outputs is None:
        everybody = zip(recipes, splits, teachers, strict=True)
        teacher_outputs = [cache_teacher_outputs(row[0], own.train, teacher) for row, own, teacher in everybody]
    loaders = [
        DistillationLoader(row[0], _with_noise(own.train, row), teacher, cached)
        for row, own, teacher, cached in zip(recipes, splits, teachers, teacher_outputs, strict=True)
    ]
    return LaneLoader(loaders)


def _with_noise(train: Split, recipes: Sequence[Recipe]) -> Split:
    """Return a seed's training images with the labels of each setting, (N, M), where noise makes them differ."""
    shares = [recipe.data.label_noise for recipe in recipes]
    labels = [noisy_labels(train.labels, share, recipes[0].seed) for share in shares]
    return replace(train, labels=labels[0] if len(set(shares)) == 1 else torch.stack(labels, dim=1))
