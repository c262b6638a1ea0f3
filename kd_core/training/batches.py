"""The batches of an epoch, with what the teacher says about them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from kd_core.datasets import Split, augment
from kd_core.functional import make_generator
from kd_core.networks import Network
from kd_core.outputs import Outputs
from kd_core.recipe import Recipe

KEPT_INPUTS_BYTES = 2**30
"""Up to here all images are kept normalised; beyond, each batch is normalised when it is needed."""


Batch = tuple[Tensor, Tensor, Outputs | None]
"""Images, labels, and what the teacher says about them."""


def steps_per_epoch(images: int, batch: int) -> int:
    """Return the number of batches; a last batch of one joins the one before, for batch norm cannot learn from one."""
    return images if batch == 1 else max(1, math.ceil((images - 1) / batch))


class Loader(Protocol):
    """The batches of an epoch with what the teacher says about them.

    Attributes:
        steps: how many batches an epoch has.
    """

    steps: int

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield them in this epoch's order."""


@runtime_checkable
class StatefulLoader(Loader, Protocol):
    """A loader that learns or counts while it is asked, and so has something to keep in a checkpoint."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that is needed to go on."""

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from ``state_dict``."""


class DistillationLoader:
    """One network's batches of an epoch with what the teacher says about them.

    Args:
        recipe: whose batch size, augmentation and seed.
        train: images and labels, on the training device.
        teacher: answers live, on the very batch the student sees, where nothing was cached; None without one.
        cached: the teacher's outputs on all of ``train``, where the student sees the same images every epoch.
    """

    def __init__(self, recipe: Recipe, train: Split, teacher: Network | None, cached: Outputs | None) -> None:
        self.recipe, self.train, self.teacher = recipe, train, teacher
        self.steps = steps_per_epoch(len(train), recipe.optim.batch)
        self.normalised = train.normalised() if train.images.nbytes * 4 <= KEPT_INPUTS_BYTES else None
        self.cached = cached if recipe.method.needs_teacher else None
        self.teacher_is_live = teacher is not None and recipe.method.needs_teacher and self.cached is None

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield images (B, C, H, W), labels (B,) and the teacher's outputs in this epoch's order."""
        recipe, train = self.recipe, self.train
        shuffle = make_generator(recipe.seed, "order", epoch)
        order = torch.randperm(len(train), generator=shuffle).to(train.labels.device)
        noise = make_generator(recipe.seed, "augmentation", epoch, device=train.images.device)
        for step in range(self.steps):
            start = step * recipe.optim.batch
            index = order[start:] if step == self.steps - 1 else order[start : start + recipe.optim.batch]
            images = train.normalised(index) if self.normalised is None else self.normalised.index_select(0, index)
            if recipe.data.augmentation != "none":
                images = augment(recipe.data.augmentation, images, noise, fill=train.black)
            yield images, train.labels.index_select(0, index), self._teacher_outputs(images, index)

    def _teacher_outputs(self, images: Tensor, index: Tensor) -> Outputs | None:
        if self.cached is not None:
            return self.cached.mapped(lambda values: values.index_select(0, index))
        if self.teacher_is_live and self.teacher is not None:
            self.teacher.eval()
            with torch.no_grad():
                return self.teacher(images)
        return None
