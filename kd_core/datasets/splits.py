"""Splits: images and labels of the parts of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor


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
        normalised_images: what ``normalised`` returns for all images, where it is kept.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    mean: tuple[float, ...] = (0.0,)
    sd: tuple[float, ...] = (1.0,)
    extra: dict[str, Tensor] = field(default_factory=dict)
    normalised_images: Tensor | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return (C, H, W)."""
        channels, height, width = self.images.shape[1:]
        return channels, height, width

    def normalised(self, index: Tensor | slice = slice(None)) -> Tensor:
        """Return float32 images (B, C, H, W), normalised to (value / 255 - mean) / sd."""
        if self.normalised_images is not None:
            return self.normalised_images[index]
        mean = torch.tensor(self.mean, device=self.images.device).reshape(-1, 1, 1)
        sd = torch.tensor(self.sd, device=self.images.device).reshape(-1, 1, 1)
        return (self.images[index].float() / 255 - mean) / sd

    @property
    def black(self) -> Tensor:
        """Return what a black pixel is in ``normalised``, per channel: (C,), float32."""
        return -torch.tensor(self.mean, device=self.images.device) / torch.tensor(self.sd, device=self.images.device)

    def subset(self, index: Tensor) -> Split:
        """Return the images at the positions ``index``, (M,), as a split of their own."""
        extra = {name: values[index] for name, values in self.extra.items()}
        images, labels = self.images[index], self.labels[index]
        return replace(self, images=images, labels=labels, extra=extra, normalised_images=None)

    def normalised_once(self, most_bytes: int = 2**30) -> Split:
        """Return the split with its images kept normalised, for what reads them again and again.

        Args:
            most_bytes: where they would take more, the split is returned as it is.
        """
        return self if 4 * self.images.nbytes > most_bytes else replace(self, normalised_images=self.normalised())


@dataclass(frozen=True)
class LoadedDataset:
    """What a dataset brings before a recipe cuts it.

    Args:
        train: all training images.
        test: never varies.
        validation: the dataset's own validation split, where it has one.
        cut: how many training images become validation, where it has none.
        skipped: names of files that could not be read.
        left_out: by why, names of what was passed over (``FolderLayout``).
    """

    train: Split
    test: Split
    validation: Split | None = None
    cut: int = 0
    skipped: tuple[str, ...] = ()
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Splits:
    """Train, validation and test as one recipe sees them."""

    train: Split
    validation: Split
    test: Split
