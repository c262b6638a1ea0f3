"""Digits: scikit-learn's 1,797 handwritten digits, 8 x 8, which need no download."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

import torch
from pydantic import PositiveFloat

from kd_core.datasets.base import Normalised, Report, Shape, mean_setting, sd_setting
from kd_core.datasets.splits import LoadedDataset
from kd_core.datasets.stratified import stratified_split
from kd_core.drawings import Preparation
from kd_core.functional import make_generator

TEST, VALIDATION = 600, 150
COUNTS = (119, 121, 118, 122, 120, 121, 121, 119, 116, 120)
"""Images by class that are not test."""


class Digits(Normalised):
    """1,797 digits that 43 people wrote, 8 x 8 in 17 greys; 1,047 train, 150 validate, 600 test.

    Source:
        Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI; scikit-learn keeps its test part.
    """

    approximate_shape: ClassVar[Shape] = (1, 8, 8)
    approximate_size: ClassVar[int] = 1047

    images_by_class: ClassVar[tuple[int, ...]] = COUNTS
    validation_images: ClassVar[int] = VALIDATION

    name: Literal["digits"] = "digits"
    mean: tuple[float, ...] = mean_setting(0.305)  # measured on the 1,197 images that are not test
    sd: tuple[PositiveFloat, ...] = sd_setting(0.376)

    @property
    def label(self) -> str:
        """Return the name for tables."""
        return "Digits"

    @property
    def channels(self) -> int:
        """Return 1: the images are grey."""
        return 1

    @property
    def drawing(self) -> Preparation:
        """Return NIST's normalisation to 20 x 32 pixels of a 32 x 32 bitmap, whose blocks of 4 x 4 are counted.

        Of all 1,797 images every row has ink, and nine in ten have it in columns 1 to 6 alone.
        """
        return Preparation("counted_blocks", (1, 8, 8), box=(32, 20), stretch=2.0, block=4, brush=0.13, cells=8)

    def load(self, data_root: Path, report: Report = lambda what, done: None) -> LoadedDataset:
        """Read the digits from the installed scikit-learn; ``data_root`` is not looked at.

        The 17 grey levels 0..16 become 0..255 by rounding; ``(value * 16 / 255).round()`` gives them back.
        """
        from sklearn.datasets import load_digits  # here, since it takes a second

        report("reading Digits", 0.0)
        bunch = load_digits()
        images = (torch.from_numpy(bunch.images) * 255 / 16).round().to(torch.uint8).unsqueeze(1)
        labels = torch.from_numpy(bunch.target).long()
        everything = self.split(images, labels, tuple("0123456789"))
        # A constant, not the run's seed: the test split never varies.
        test, train = stratified_split(labels, TEST, make_generator(0, "digits", "test"))
        report("reading Digits", 1.0)
        return LoadedDataset(train=everything.subset(train), test=everything.subset(test), cut=VALIDATION)

    def load_code(self) -> str:
        """Return plain PyTorch source that reads the same images from scikit-learn."""
        return _LOAD


_LOAD = f"""\
from sklearn.datasets import load_digits


def load_images():
    \"\"\"Return training and test images (N, 1, 8, 8), uint8, each with its labels (N,).\"\"\"
    digits = load_digits()
    images = (torch.from_numpy(digits.images) * 255 / 16).round().to(torch.uint8).unsqueeze(1)
    labels = torch.from_numpy(digits.target).long()
    test, train = split(labels, {TEST}, generator(0, "digits", "test"))
    return images[train], labels[train], images[test], labels[test]
"""
