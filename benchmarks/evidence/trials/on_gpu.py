"""Trials that need a GPU: the tables on CIFAR-100 as they were made, and the pair that engineers ask about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.evidence.trial_store import Trials
from benchmarks.evidence.trials.base import WAITING, Trial, TrialFunction, accuracy
from kd_core import PRESETS, Recipe

EPOCHS = 240
METHODS: Mapping[str, dict[str, Any]] = {
    "kd": {"name": "soft_targets", "temperature": 4, "teacher_weight": 0.9},
    "fitnets": {"name": "hints"},
    "at": {"name": "attention_transfer"},
    "sp": {"name": "similarity"},
    "rkd": {"name": "relational"},
    "pkt": {"name": "pkt"},
    "nst": {"name": "nst"},
    "crd": {"name": "in_batch_contrastive"},
    "dkd": {"name": "decoupled", "temperature": 4, "label_weight": 1.0, "target_weight": 1.0, "others_weight": 8.0},
}
"""With the weights of the sources, which are the defaults."""
PAIRS: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "tian": ({"name": "cifar_resnet", "blocks": 5, "width": 4}, {"name": "cifar_resnet", "blocks": 1, "width": 4}),
    "tian-vgg": ({"name": "vgg13"}, {"name": "vgg8"}),
}
"""Teacher and student, by claim."""


def tian(trials: Trials, seeds: int) -> Trial:
    """Race the techniques of the table from resnet32x4 to resnet8x4."""
    return _table(trials, "tian", seeds)


def tian_vgg(trials: Trials, seeds: int) -> Trial:
    """Race the techniques of the table from VGG-13 to VGG-8."""
    return _table(trials, "tian-vgg", seeds)


def _table(trials: Trials, claim: str, seeds: int) -> Trial:
    trials.needs("cifar-100-python")
    scale = {"mean": [0.5071, 0.4867, 0.4408], "sd": [0.2675, 0.2565, 0.2761]}
    data = {"source": {"name": "cifar100", **scale}, "augmentation": "flip_crop"}
    optim = {"algorithm": "sgd", "lr": 0.05, "lr_schedule": "cosine", "weight_decay": 5e-4, "batch": 64}
    teacher, student = ({"data": data, "student": own, "optim": {**optim, "epochs": EPOCHS}} for own in PAIRS[claim])
    recipes = {
        "teacher": Recipe.from_json(teacher),
        "alone": Recipe.from_json(student),
        **{
            name: Recipe.from_json({**student, "method": method, "teacher": teacher})
            for name, method in METHODS.items()
        },
    }
    found = trials.trained("table", recipes, seeds, one_teacher=True, by_seed=True)
    if not trials.complete:
        return WAITING
    figures = {arm: accuracy(trials, networks) for arm, networks in found.items()}
    return Trial(figures, {"epochs": EPOCHS}, {"teacher": EPOCHS, "student": EPOCHS})


def resnet_mobilenet(trials: Trials, seeds: int) -> Trial:
    """Race ResNet-50, MobileNetV2 alone, and MobileNetV2 with ResNet-50 on CIFAR-10."""
    source = trials.cifar10()
    recipe = PRESETS["resnet50-mobilenet"].recipe.changed({"data.source": source})
    assert recipe.teacher is not None
    arms = {"teacher": recipe.teacher, "alone": recipe.baseline(), "distilled": recipe}
    found = trials.trained("pair", arms, seeds, by_seed=True)
    if not trials.complete:
        return WAITING
    epochs = recipe.optim.epochs
    figures = {arm: accuracy(trials, networks) for arm, networks in found.items()}
    return Trial(figures, {"epochs": epochs}, {"teacher": epochs, "student": epochs})


ON_GPU: dict[str, TrialFunction] = {
    "tian-vgg": tian_vgg,
    "tian": tian,
    "resnet50-mobilenet": resnet_mobilenet,
}
