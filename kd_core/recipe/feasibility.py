"""Feasibility: whether every network of a study can be trained on its data, found out before the first is."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch

from kd_core.datasets import Dataset, LoadedDataset, check_conditions, images_left
from kd_core.errors import InvalidSetting, Reason, RecipeMismatch
from kd_core.functional import seeded
from kd_core.networks import Architecture, Shape
from kd_core.protocols import Protocol
from kd_core.recipe.given import check_given_files
from kd_core.recipe.recipe import Data, Recipe
from kd_core.recipe.study import Study
from kd_core.vocabulary import TEACHING_ARMS

Find = Callable[[Recipe], LoadedDataset | None]
"""Returns the dataset of a recipe, without pixels if need be; None where nothing is known of it."""
UNKNOWN_CLASSES = 10
"""How many answers a network gets, to see whether it can be built, where nobody knows yet."""


@lru_cache(maxsize=32)
def outline(source: Dataset) -> LoadedDataset | None:
    """Return a dataset without pixels; an image folder says by its digest what it held when it was looked at.

    Raises:
        DataUnusable: there, but nothing can be learned from it.
    """
    return source.outline()


def check_study(study: Study, find: Find = lambda recipe: outline(recipe.data.source)) -> None:
    """Refuse a study of which a network could not take its first step, or could not be judged.

    Args:
        study: what is to be trained.
        find: returns the dataset of a recipe.

    Raises:
        InvalidSetting: a condition, or a setting of a protocol, that the dataset cannot meet.
        RecipeMismatch: a network that does not fit the images, or batches too small for it.
        DataUnusable: nothing can be learned from the dataset.
        UploadRefused: a teacher's file that belongs to another network or to other images.
    """
    seen, left = set(), dict[Dataset, torch.Tensor | None]()
    for member in study.members:
        recipe = member.recipe.seeded(0)
        given = recipe.given_weights, recipe.teacher and recipe.teacher.given_logits
        key = recipe.data, recipe.student, recipe.protocol, recipe.optim.batch, given
        if key in seen:
            continue
        seen.add(key)
        source = recipe.data.source
        dataset = find(recipe) if source not in left or any(given) else None
        left.setdefault(source, None if dataset is None else images_left(dataset))
        if dataset is not None and any(given):
            check_given_files(recipe, dataset)
        try:
            _check_recipe(recipe, left[source])
        except InvalidSetting as error:
            fields = error.fields
            path = f"teacher.{fields['path']}" if member.arm in TEACHING_ARMS else fields["path"]
            raise InvalidSetting(**{**fields, "path": path}) from error


def changes_to_fit(recipe: Recipe, dataset: LoadedDataset) -> dict[str, Any]:
    """Return by path what must be changed in a recipe so that a dataset meets its conditions, its teacher's too.

    Args:
        recipe: any; its own dataset is not looked at.
        dataset: loaded, or without pixels.
    """
    changes = _data_changes(recipe.data, dataset)
    if recipe.teacher is not None:
        theirs = _data_changes(recipe.teacher.data, dataset)
        changes |= {f"teacher.{path}": value for path, value in theirs.items()}
    return changes


def _data_changes(data: Data, dataset: LoadedDataset) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    counts = images_left(dataset)
    dropped = [index for index in data.dropped_classes if index < len(counts)]
    dropped = dropped if len(dropped) < len(counts) else []
    if dropped != [*data.dropped_classes]:
        changes["data.dropped_classes"] = dropped
    kept = torch.ones(len(counts), dtype=torch.bool)
    kept[dropped] = False
    classes, available = int(kept.sum()), int(counts[kept].sum())
    if data.labelled is not None and data.labelled > available:
        changes["data.labelled"] = None
    elif data.labelled is not None and data.labelled < classes:
        changes["data.labelled"] = classes
    if data.label_noise and classes < 2:
        changes["data.label_noise"] = 0.0
    return changes


def _check_recipe(recipe: Recipe, left: torch.Tensor | None) -> None:
    if left is not None:
        check_conditions(recipe.data, left)
        recipe.protocol.check_images(*_images(recipe.data, left))
    classes = UNKNOWN_CLASSES if left is None else len(left)
    network = recipe.student.untrained()
    _check_network(network, recipe.protocol, recipe.data.source.shape, classes, recipe.optim.batch == 1)


def _images(data: Data, left: torch.Tensor) -> tuple[int, int]:
    """Return how many training images have a label, and how many are there without one."""
    available = int(left.sum() - left[list(data.dropped_classes)].sum())
    labelled = available if data.labelled is None else data.labelled
    return labelled, available - labelled if data.unlabelled == "keep" else 0


@lru_cache(maxsize=256)
def _check_network(architecture: Architecture, protocol: Protocol, shape: Shape, classes: int, one: bool) -> None:
    """Build a network, and let it learn from a single image where batches have ``one``."""
    with seeded(0, "feasibility"):
        network = protocol.build_student(architecture, shape, classes)
        if not one:
            return
        try:
            network.train()(torch.rand(1, *shape))
        except ValueError as error:  # batch norm's own
            template = (
                "'{network}' compares the images of a batch with each other, and these batches hold one. "
                "Choose a larger batch size."
            )
            raise RecipeMismatch(reason=Reason("batch_of_one", template, network=architecture.label)) from error
