"""Datasets: one file per source; ``DATASETS`` finds them by name."""

from kd_core.datasets.base import Dataset, Source, Split, Splits
from kd_core.registry import Registry

DATASETS: Registry[Dataset] = Registry("dataset", __name__, Dataset)

__all__ = ["DATASETS", "Dataset", "Source", "Split", "Splits"]
