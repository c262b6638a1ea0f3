"""What every dataset shares: it loads a source, from which a recipe cuts train, validation and test."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from pydantic import PositiveFloat, model_validator
from torch import Tensor

from kd_core.datasets.splits import LoadedDataset, Split
from kd_core.drawings import Preparation, scaled
from kd_core.errors import Reason
from kd_core.settings import Settings, setting

Shape = tuple[int, int, int]
Report = Callable[[str, float], None]
"""Called with what is being done ("downloading") and the fraction done, 0..1."""


class Dataset(Settings):
    """Frozen settings that load images and labels."""

    approximate_shape: ClassVar[Shape] = (3, 32, 32)
    """About what shape an image has, (C, H, W), to estimate a training's time before anything is loaded."""
    approximate_size: ClassVar[int] = 10_000
    """About how many training images there are."""

    @abstractmethod
    def load(self, data_root: Path, report: Report = lambda what, done: None) -> LoadedDataset:
        """Read the dataset, downloading it where that is possible.

        Args:
            data_root: the folder in which torchvision sets lie.
            report: called with progress on whatever takes over a second.

        Raises:
            DataMissing: not there and not to be had.
            DataUnusable: there, but nothing can be learned from it.
        """

    @property
    @abstractmethod
    def label(self) -> str:
        """Return a short name for tables, e.g. "MNIST"."""

    @property
    def shape(self) -> Shape:
        """Return what shape an image has, (C, H, W), as far as that is known before anything is loaded."""
        return self.approximate_shape

    @property
    def drawing(self) -> Preparation:
        """Return how somebody's own drawing becomes an image like those of the dataset."""
        return scaled(self.shape)

    def load_code(self) -> str | None:
        """Return plain PyTorch source of ``load_images()``, for the script that a person takes along; None without one.

        It returns training images (N, C, H, W), uint8, their labels (N,), the test images and theirs. It may call
        ``split`` and ``generator`` (``kd_core.script``).
        """
        return None

    def outline(self) -> LoadedDataset | None:
        """Return the dataset without pixels, images (N, C, 0, 0), as far as it is known before anything is loaded.

        Raises:
            DataUnusable: there, but nothing can be learned from it.
        """
        return None


def mean_setting(default: float) -> Any:
    """Declare ``mean`` with a default of its own."""
    description = "Subtracted from pixel values scaled to 0..1: one number, or one for each channel."
    return setting((default,), title="Mean", description=description, min_length=1)


def sd_setting(default: float) -> Any:
    """Declare ``sd`` with a default of its own."""
    description = "Pixel values are divided by it once the mean is subtracted: one number, or one for each channel."
    return setting((default,), title="Standard deviation", description=description, min_length=1)


class Normalised(Dataset):
    """A dataset whose normalisation is a setting."""

    images_by_class: ClassVar[tuple[int, ...]] = ()
    """How many training images, validation among them, each class has in a dataset that is always the same."""
    validation_images: ClassVar[int] = 0
    """How many of those become validation."""

    mean: tuple[float, ...] = mean_setting(0.5)
    sd: tuple[PositiveFloat, ...] = sd_setting(0.5)

    @property
    @abstractmethod
    def channels(self) -> int:
        """Return 1 for grey images, 3 for colours."""

    @model_validator(mode="after")
    def _one_number_or_one_a_channel(self) -> Self:
        words = (Reason("word_mean", "mean"), self.mean), (Reason("word_sd", "standard deviation"), self.sd)
        for name, values in words:
            if len(values) not in (1, self.channels):
                template = "the {name} takes one number, or one for each of the {channels} channels."
                raise ValueError(Reason("channels", template, name=name, channels=self.channels))
        return self

    def outline(self) -> LoadedDataset | None:
        """Return what is known of a dataset that is always the same."""
        if not self.images_by_class:
            return None
        counts = torch.tensor(self.images_by_class)
        labels = torch.arange(len(counts)).repeat_interleave(counts)
        train = self.without_pixels(labels, tuple(map(str, range(len(counts)))))
        return LoadedDataset(train, train.subset(torch.arange(0)), cut=self.validation_images)

    def without_pixels(self, labels: Tensor, classes: tuple[str, ...]) -> Split:
        """Return a split of labels (N,) whose images have no pixels."""
        return self.split(torch.empty(len(labels), self.channels, 0, 0, dtype=torch.uint8), labels, classes)

    def split(self, images: Tensor, labels: Tensor, classes: tuple[str, ...]) -> Split:
        """Return a split with this normalisation, one number a channel.

        Args:
            images: (N, C, H, W), uint8.
            labels: (N,), int64.
            classes: the K class names, in label order.
        """
        mean, sd = (values if len(values) > 1 else values * self.channels for values in (self.mean, self.sd))
        return Split(images=images, labels=labels, classes=classes, mean=mean, sd=sd)
