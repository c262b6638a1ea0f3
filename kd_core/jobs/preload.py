"""Preload: what the fork server imports once so that a job need not; importing it starts nothing and asks no device."""

from __future__ import annotations

import gc

import sklearn.datasets
import torchvision.datasets

import kd_core.experiments

__all__ = ["kd_core", "sklearn", "torchvision"]

gc.collect()
gc.freeze()  # a job's garbage collector then leaves the shared pages of what was imported alone
