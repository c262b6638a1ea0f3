"""Datasets: one file per source; ``DATASETS`` finds them by name."""

from kd_core.datasets.augmentation import augment
from kd_core.datasets.base import Dataset, Normalised, Report
from kd_core.datasets.conditions import (
    Conditions,
    check_conditions,
    images_left,
    noisy_labels,
    prepare,
    training_positions,
)
from kd_core.datasets.splits import LoadedDataset, Split, Splits
from kd_core.datasets.targets import TARGETS, target_classes
from kd_core.settings import Registry

DATASETS: Registry[Dataset] = Registry("dataset", __name__, Dataset)

__all__ = [
    "DATASETS",
    "TARGETS",
    "Conditions",
    "Dataset",
    "LoadedDataset",
    "Normalised",
    "Report",
    "Split",
    "Splits",
    "augment",
    "check_conditions",
    "images_left",
    "noisy_labels",
    "prepare",
    "target_classes",
    "training_positions",
]
