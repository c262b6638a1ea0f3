"""Datasets: one file per source; ``DATASETS`` finds them by name."""

from kd_core.datasets.augmentation import augment
from kd_core.datasets.base import Dataset, Report
from kd_core.datasets.conditions import Conditions, noisy_labels, prepare
from kd_core.datasets.splits import Source, Split, Splits
from kd_core.datasets.targets import ANSWERS, classes_asked
from kd_core.settings import Registry

DATASETS: Registry[Dataset] = Registry("dataset", __name__, Dataset)

__all__ = [
    "ANSWERS",
    "DATASETS",
    "Conditions",
    "Dataset",
    "Report",
    "Source",
    "Split",
    "Splits",
    "augment",
    "classes_asked",
    "noisy_labels",
    "prepare",
]
