"""What every dataset shares: it loads a source, from which a recipe cuts train, validation and test."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import torch
from pydantic import PositiveFloat, model_validator
from torch import Tensor

from kd_core.settings import Settings, setting

Report = Callable[[str, float], None]
"""Called with what is being done ("downloading") and the fraction done, 0..1."""


@dataclass(frozen=True)
class Split:
    """One part of a dataset.

    Args:
        images: (N, C, H, W), uint8, as they look.
        labels: (N,), int64; -1 marks an image whose label is withheld.
        classes: the K class names, in label order.
        mean: per channel, of pixel values scaled to 0..1.
        sd: per channel.
        extra: further labels and paired views, each with N rows.
        normalised: what ``inputs`` returns for all images, where it is kept.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    mean: tuple[float, ...] = (0.0,)
    sd: tuple[float, ...] = (1.0,)
    extra: dict[str, Tensor] = field(default_factory=dict)
    normalised: Tensor | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return (C, H, W)."""
        channels, height, width = self.images.shape[1:]
        return channels, height, width

    def inputs(self, index: Tensor | slice = slice(None)) -> Tensor:
        """Return float32 images (B, C, H, W), normalised to (value / 255 - mean) / sd."""
        if self.normalised is not None:
            return self.normalised[index]
        mean = torch.tensor(self.mean, device=self.images.device).reshape(-1, 1, 1)
        sd = torch.tensor(self.sd, device=self.images.device).reshape(-1, 1, 1)
        return (self.images[index].float() / 255 - mean) / sd

    @property
    def black(self) -> Tensor:
        """Return what a black pixel is in ``inputs``, per channel: (C,), float32."""
        return -torch.tensor(self.mean, device=self.images.device) / torch.tensor(self.sd, device=self.images.device)

    def take(self, index: Tensor) -> Split:
        """Return the images at ``index`` as a split of their own."""
        extra = {name: values[index] for name, values in self.extra.items()}
        images, labels = self.images[index], self.labels[index]
        return replace(self, images=images, labels=labels, extra=extra, normalised=None)

    def ready(self, most_bytes: int = 2**30) -> Split:
        """Return the split with its images kept normalised, for who asks about them again and again.

        Args:
            most_bytes: where they would take more, the split is returned as it is.
        """
        return self if 4 * self.images.nbytes > most_bytes else replace(self, normalised=self.inputs())


@dataclass(frozen=True)
class Source:
    """What a dataset brings before a recipe cuts it.

    Args:
        train: all training images.
        test: never varies.
        validation: the dataset's own validation split, where it has one.
        cut: how many training images become validation, where it has none.
        skipped: names of files that could not be read.
    """

    train: Split
    test: Split
    validation: Split | None = None
    cut: int = 0
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Splits:
    """Train, validation and test as one recipe sees them."""

    train: Split
    validation: Split
    test: Split


class Dataset(Settings):
    """Frozen settings that load images and labels."""

    @abstractmethod
    def load(self, data_root: Path, report: Report = lambda what, done: None) -> Source:
        """Read the dataset, downloading it where that is possible.

        Args:
            data_root: the folder in which torchvision sets lie.
            report: told of progress on whatever takes over a second.

        Raises:
            DataMissing: not there and not to be had.
            DataUnusable: there, but nothing can be learned from it.
        """

    @property
    @abstractmethod
    def label(self) -> str:
        """Return a short name for tables, e.g. "MNIST"."""


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

    mean: tuple[float, ...] = mean_setting(0.5)
    sd: tuple[PositiveFloat, ...] = sd_setting(0.5)

    @property
    @abstractmethod
    def channels(self) -> int:
        """Return 1 for grey images, 3 for colours."""

    @model_validator(mode="after")
    def _one_number_or_one_a_channel(self) -> Self:
        for name, values in (("mean", self.mean), ("standard deviation", self.sd)):
            if len(values) not in (1, self.channels):
                raise ValueError(f"the {name} takes one number, or one for each of the {self.channels} channels.")
        return self

    def split(self, images: Tensor, labels: Tensor, classes: tuple[str, ...]) -> Split:
        """Return a split with this normalisation, one number a channel."""
        mean, sd = (values if len(values) > 1 else values * self.channels for values in (self.mean, self.sd))
        return Split(images=images, labels=labels, classes=classes, mean=mean, sd=sd)
