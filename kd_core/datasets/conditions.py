"""Conditions: what of a dataset a network gets to see while it trains."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Literal

import torch
from pydantic import NonNegativeInt, field_validator
from torch import Tensor

from kd_core.datasets.augmentation import Augmentation
from kd_core.datasets.splits import LoadedDataset, Splits
from kd_core.datasets.stratified import stratified_order, stratified_split
from kd_core.datasets.targets import with_target
from kd_core.errors import InvalidSetting, Reason
from kd_core.functional import make_generator
from kd_core.settings import ExtensibleSettings, setting

WITHHELD = -1


class Conditions(ExtensibleSettings):
    """Limits on the training split; validation and test stay whole and true."""

    added_later: ClassVar[frozenset[str]] = frozenset({"question"})

    labelled: int | None = setting(
        None,
        title="Labelled images",
        description="How many training images have a label, every class by its share; empty means all of them.",
        unit="images",
        scale="log",
        ge=1,
    )
    label_noise: float = setting(
        0.0,
        title="Label noise",
        description="This share of the labels is replaced by another class, drawn at random.",
        unit="share",
        lane=True,
        ge=0,
        le=1,
    )
    dropped_classes: tuple[NonNegativeInt, ...] = setting(
        (),
        title="Dropped classes",
        description="Training never shows an image of these classes; validation and test still do.",
    )
    unlabelled: Literal["drop", "keep"] = setting(
        "drop",
        title="Images without a label",
        description="Left out, or kept, so that a teacher can still speak about them.",
    )
    augmentation: Augmentation = setting(
        "none",
        title="Augmentation",
        description="Every batch anew: shifts by up to 7 % of the height, mirroring and cropping, or strong: larger "
        "shifts, other contrast and a hidden square. The teacher sees the same changed image.",
    )

    question: Literal["class", "slant", "thickness"] = setting(
        "class",
        title="Question",
        description="What is asked about an image: its class, or something that is measured from its pixels.",
    )

    @field_validator("augmentation", mode="before")
    @classmethod
    def _nothing_is_none(cls, value: Any) -> Any:
        return "none" if value is None else value  # the command line reads "none" as nothing

    @field_validator("dropped_classes")
    @classmethod
    def _as_a_set(cls, classes: tuple[int, ...]) -> tuple[int, ...]:
        # Equal conditions have equal fingerprints, in whatever order the classes were named.
        return tuple(sorted(set(classes)))


def prepare(conditions: Conditions, source: LoadedDataset, seed: int) -> Splits:
    """Cut validation, then apply the conditions to what is left for training.

    With one seed everything is nested: 100 labelled images are among the 300, and the labels that noise of 0.2 replaces
    are replaced by the same classes at 0.4. The validation split depends on the seed alone, the test split on nothing.
    Which images there are is decided by their classes whatever the target is, so recipes that differ in their
    question look at the same images.

    Args:
        conditions: what training gets to see.
        source: a loaded dataset.
        seed: of the run.

    Returns:
        Splits; in ``train.labels`` -1 marks an image whose label is withheld.

    Raises:
        InvalidSetting: a condition that this dataset cannot meet.
    """
    relabelled = with_target(source, conditions.question)
    held_out, pool = _cut(source, seed)
    validation = relabelled.train.subset(held_out) if relabelled.validation is None else relabelled.validation
    index, classes = _visible_images(conditions, source.train.labels[pool], source.train.classes, seed)
    train = relabelled.train.subset(pool[index])
    visible_labels = torch.where(classes == WITHHELD, WITHHELD, train.labels)
    train = replace(train, labels=noisy_labels(visible_labels, conditions.label_noise, seed))
    return Splits(train=train, validation=validation, test=relabelled.test)


def training_positions(conditions: Conditions, source: LoadedDataset, seed: int) -> Tensor:
    """Return which images of the whole training split ``prepare`` leaves for training, (N,), in its order."""
    _, pool = _cut(source, seed)
    index, _ = _visible_images(conditions, source.train.labels[pool], source.train.classes, seed)
    return pool[index]


def _cut(source: LoadedDataset, seed: int) -> tuple[Tensor, Tensor]:
    """Return the positions of the images that become validation, and those of the others, both in rising order."""
    if source.validation is not None:
        return torch.arange(0), torch.arange(len(source.train))
    return stratified_split(source.train.labels, source.cut, make_generator(seed, "validation"))


def check_conditions(conditions: Conditions, left: Tensor) -> None:
    """Refuse what ``prepare`` would refuse, without looking at any image.

    Args:
        conditions: what training gets to see.
        left: (K,), images of each class (``images_left``).

    Raises:
        InvalidSetting: a condition that such a dataset cannot meet.
    """
    kept = _kept_classes(conditions, len(left))
    _check_labelled(conditions, available=int(left[kept].sum()), classes=int(kept.sum()))
    if conditions.label_noise and conditions.question == "class" and int(kept.sum()) < 2:
        raise _one_class_left(conditions.label_noise)


def images_left(source: LoadedDataset, seed: int = 0) -> Tensor:
    """Return (K,): how many training images of each class are left once validation is cut.

    Args:
        source: a loaded dataset, or one without pixels (``Dataset.outline``).
        seed: of the run; with another, a class may keep one image more or less.
    """
    labels = source.train.labels
    if source.validation is None:
        _, pool = stratified_split(labels, source.cut, make_generator(seed, "validation"))
        labels = labels[pool]
    return torch.bincount(labels, minlength=len(source.train.classes))


def noisy_labels(labels: Tensor, share: float, seed: int) -> Tensor:
    """Return labels of which a share is replaced by a different class among those that occur, drawn uniformly.

    ``prepare`` applies this last, so lanes that differ in noise share the images of a split prepared without it.

    Args:
        labels: (N,), int64; withheld ones (-1) stay so and do not count.
        share: 0..1; exactly this share is replaced, to the nearest image.
        seed: of the run.

    Raises:
        InvalidSetting: noise where only one class is left.
    """
    if share == 0:
        return labels
    visible = (labels != WITHHELD).nonzero().squeeze(1)
    occurs = torch.bincount(labels[visible]) > 0
    classes = occurs.nonzero().squeeze(1)
    if len(classes) < 2:
        raise _one_class_left(share)
    draws = make_generator(seed, "label_noise")
    order = torch.randperm(len(visible), generator=draws)
    steps = torch.randint(1, len(classes), (len(visible),), generator=draws)
    replaced = order[: int(share * len(visible) + 0.5)]
    noisy = labels.clone()
    position = (occurs.cumsum(0) - 1)[labels[visible[replaced]]]
    noisy[visible[replaced]] = classes[(position + steps[replaced]) % len(classes)]
    return noisy


def _one_class_left(share: float) -> InvalidSetting:
    reason = Reason("noise_one_class", "there is only one class left, so there is no other to confuse it with.")
    return InvalidSetting(path="data.label_noise", value=share, reason=reason)


def _visible_images(
    conditions: Conditions, labels: Tensor, classes: tuple[str, ...], seed: int
) -> tuple[Tensor, Tensor]:
    """Return positions in ``labels``, rising, and the labels that training gets there."""
    kept = _kept_classes(conditions, len(classes))
    # Drawn for all classes before any is dropped: dropping one changes nothing about the others.
    order = stratified_order(labels, make_generator(seed, "labelled"))
    order = order[kept[labels[order]]]
    _check_labelled(conditions, available=len(order), classes=int(kept.sum()))
    visible = order[: conditions.labelled].sort().values
    if conditions.unlabelled == "drop":
        return visible, labels[visible]
    visible_labels = torch.full_like(labels, WITHHELD)
    visible_labels[visible] = labels[visible]
    index = order.sort().values
    return index, visible_labels[index]


def _kept_classes(conditions: Conditions, classes: int) -> Tensor:
    """Return (K,), bool."""
    dropped = conditions.dropped_classes
    unknown = [index for index in dropped if index >= classes]
    if unknown:
        template = "the {count} classes of this dataset are numbered 0 to {last}."
        reason = Reason("dropped_unknown", template, count=classes, last=classes - 1)
        raise InvalidSetting(path="data.dropped_classes", value=unknown[0], reason=reason)
    if len(dropped) == classes:
        reason = Reason("dropped_all", "that drops every class, and nothing is left to train on.")
        raise InvalidSetting(path="data.dropped_classes", value=list(dropped), reason=reason)
    kept = torch.ones(classes, dtype=torch.bool)
    kept[list(dropped)] = False
    return kept


def _check_labelled(conditions: Conditions, available: int, classes: int) -> None:
    labelled = conditions.labelled
    if labelled is None:
        return
    if labelled > available:
        template = "only {left} training images are left once validation and dropped classes are taken away."
        reason = Reason("labelled_too_many", template, left=f"{available:,}")
        raise InvalidSetting(path="data.labelled", value=labelled, reason=reason)
    if labelled < classes:
        template = "every one of the {classes} classes needs at least one labelled image."
        reason = Reason("labelled_too_few", template, classes=classes)
        raise InvalidSetting(path="data.labelled", value=labelled, reason=reason)
