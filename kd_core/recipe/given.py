"""Given networks: a teacher that comes from a file instead of a training, its weights or what it says about images."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from kd_core.datasets import LoadedDataset
from kd_core.errors import Reason, RecipeMismatch, UploadRefused
from kd_core.functional import seeded
from kd_core.networks import Architecture, Shape
from kd_core.own_files import check_size, check_weights, content_of_file, read_weights, training_logits
from kd_core.settings import Settings, name_of, setting

if TYPE_CHECKING:
    from kd_core.recipe.recipe import Recipe


class GivenFile(Settings):
    """A file by its path and by what it held when it was named, so that another content is another recipe."""

    path: str = setting(..., title="File", description="Where the file lies.", min_length=1)
    content: str = setting(
        "",
        title="Content",
        description="What the file held when it was chosen: a digest of its bytes; filled in by itself.",
        max_length=16,
    )

    @model_validator(mode="before")
    @classmethod
    def _know_the_content(cls, values: Any) -> Any:
        values = {"path": values} if isinstance(values, str) else values
        if not isinstance(values, Mapping) or values.get("content") or not isinstance(values.get("path"), str):
            return values
        path = Path(values["path"]).expanduser().absolute()  # it is read later, by a process that stands elsewhere
        content = content_of_file(path)
        if not content:
            raise ValueError(Reason("given_no_file", "there is no such file."))
        return {**values, "path": str(path), "content": content}

    @property
    def label(self) -> str:
        """Return the file's name."""
        return Path(self.path).name

    @property
    def has_changed(self) -> bool:
        """Tell whether the file holds something else than when it was chosen, or is gone."""
        return content_of_file(Path(self.path)) != self.content


class GivenLogits(GivenFile):
    """A file of logits for a whole training split."""

    probabilities: bool = setting(
        False, title="Probabilities", description="The file holds probabilities; their logarithms are taken."
    )


def check_given(recipe: Recipe) -> None:
    """Refuse a recipe that asks of a file what it cannot do.

    Raises:
        RecipeMismatch: with what needs the network itself, or a network from a file that is to learn.
    """
    if recipe.given_weights is not None or recipe.given_logits is not None:
        _check_learns_nothing(recipe)
    teacher = recipe.teacher
    if teacher is None or teacher.given_logits is None:
        return
    if recipe.start != "scratch":
        words = (
            "The student is to begin with its teacher's layers, and the teacher is a file of logits, without layers."
        )
        raise RecipeMismatch(reason=Reason("given_no_layers", words))
    if recipe.method.needs_teacher and recipe.protocol.needs_teacher:
        _check_logits_suffice(recipe)


def _check_learns_nothing(recipe: Recipe) -> None:
    if recipe.given_weights is not None and recipe.given_logits is not None:
        words = "A teacher comes from a file of weights or from a file of logits, not from both."
        raise RecipeMismatch(reason=Reason("given_twice", words))
    learns = name_of(recipe.method) != "labels_only" or recipe.teacher is not None or recipe.start != "scratch"
    if learns or name_of(recipe.protocol) != "offline":
        words = "A network that comes from a file teaches, and learns nothing: name the file for the teacher."
        raise RecipeMismatch(reason=Reason("given_learns_nothing", words))


def _check_logits_suffice(recipe: Recipe) -> None:
    if recipe.method.needs:
        words = (
            "The teacher is a file of logits, and the method '{method}' compares features. Give the teacher's "
            "weights, or choose a method that listens to logits."
        )
        raise RecipeMismatch(reason=Reason("given_no_features", words, method=name_of(recipe.method)))
    if name_of(recipe.protocol) != "offline":
        words = (
            "The teacher is a file of logits, and the protocol '{protocol}' asks the network itself. Give the "
            "teacher's weights, or choose 'offline'."
        )
        raise RecipeMismatch(reason=Reason("given_protocol", words, protocol=name_of(recipe.protocol)))
    if recipe.data.augmentation != "none":
        words = (
            "The teacher is a file of logits about the images as they are, and these are changed in every batch. "
            "Switch the augmentation off, or give the teacher's weights."
        )
        raise RecipeMismatch(reason=Reason("given_augmentation", words))
    if recipe.data.question != "class":
        words = "The teacher is a file of logits about classes, and the student is asked something else."
        raise RecipeMismatch(reason=Reason("given_question", words))


def check_given_files(recipe: Recipe, dataset: LoadedDataset) -> None:
    """Refuse files that do not belong to a recipe's network or to its dataset, before anything is trained.

    Args:
        recipe: a teacher's own, or a student's.
        dataset: loaded; or without pixels, and then its labels are not looked at.

    Raises:
        UploadRefused: the first tensor that is wrong, with both shapes; or another number of images, other classes or
            labels.
    """
    if recipe.given_weights is not None:
        shape = recipe.data.source.shape if dataset.train.images.shape[-1] == 0 else dataset.train.shape
        given_weights(recipe.given_weights, recipe.student, shape, len(dataset.train.classes))
    given = None if recipe.teacher is None else recipe.teacher.given_logits
    if given is not None and dataset.train.images.shape[-1] > 0:
        given_logits(given, dataset)
    elif given is not None:
        check_size(Path(given.path), len(dataset.train), len(dataset.train.classes), given.probabilities)


@lru_cache(maxsize=2)
def given_weights(given: GivenFile, student: Architecture, shape: Shape, classes: int) -> dict[str, NDArray[Any]]:
    """Return the weights of a file, by name, which a network for images of ``shape`` (C, H, W) takes as they are.

    Raises:
        UploadRefused: the file has changed, cannot be read, or belongs to another network.
    """
    if given.has_changed:
        words = "the file is gone, or has changed since it was chosen. Choose it again."
        raise UploadRefused(file=given.label, reason=Reason("given_weights_changed", words))
    with seeded(0, "given"):
        state = student.untrained().build(shape, classes).state_dict()
    weights = read_weights(Path(given.path))
    check_weights(weights, {name: tuple(tensor.shape) for name, tensor in state.items()}, given.label)
    return weights


def given_logits(given: GivenLogits, dataset: LoadedDataset) -> NDArray[np.float32]:
    """Return the logits of a file about a dataset's whole training split, (N, K), in its order.

    Raises:
        UploadRefused: the file has changed, cannot be read, or belongs to other images.
    """
    if given.has_changed:
        words = "the file is gone, or has changed since it was chosen. Choose it again."
        raise UploadRefused(file=given.label, reason=Reason("given_logits_changed", words))
    train = dataset.train
    return training_logits(Path(given.path), train.classes, train.labels.numpy(), given.probabilities)
