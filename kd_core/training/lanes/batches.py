"""The batches of all lanes, seed by seed, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from kd_core.datasets import Split, noisy_labels
from kd_core.outputs import Outputs
from kd_core.recipe import Recipe
from kd_core.training import Batch, DistillationLoader


class LaneLoader:
    """The batches of every seed, side by side: each seed sees its own images in its own order."""

    def __init__(self, lessons: Sequence[DistillationLoader]) -> None:
        self.lessons = lessons
        self.steps = lessons[0].steps

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield images (S, B, C, H, W), labels (S, B) or (S, B, M), and logits (S, B, K)."""
        for together in zip(*(lesson.batches(epoch) for lesson in self.lessons), strict=True):
            images, labels, answers = zip(*together, strict=True)
            logits = [answer.logits for answer in answers if answer is not None]
            yield torch.stack(images), torch.stack(labels), Outputs(torch.stack(logits)) if logits else None


def _with_noise(train: Split, recipes: Sequence[Recipe]) -> Split:
    """Return a seed's training images with the labels of each setting, (N, M), where noise makes them differ."""
    shares = [recipe.data.label_noise for recipe in recipes]
    labels = [noisy_labels(train.labels, share, recipes[0].seed) for share in shares]
    return replace(train, labels=labels[0] if len(set(shares)) == 1 else torch.stack(labels, dim=1))
