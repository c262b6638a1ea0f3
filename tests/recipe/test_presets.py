"""Presets: the documents' numbers, and one training step of each."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from kd_core.compute.profile import parameters
from kd_core.datasets import Split, Splits
from kd_core.errors import UnknownName
from kd_core.events import EpochEnd, Finished
from kd_core.networks import Network
from kd_core.recipe import Recipe, Study
from kd_core.recipe.presets import PRESETS
from kd_core.training.loop import fit

SHAPES = {"digits": (1, 8, 8), "mnist": (1, 28, 28), "cifar10": (3, 32, 32)}
PARAMETERS = {
    "mnist-cnn": (421_642, 105_866),
    "mnist-mlp": (2_395_210, 16_330),
    "cifar10-cnn": (2_440_586, 612_042),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "mnist-cnn": {"optim.lr": 0.01, "optim.batch": 128, "optim.epochs": 5, "method.temperature": 4,
                  "data.source.mean": [0.5], "data.source.sd": [0.5]},
    "mnist-mlp": {"optim.lr": 0.001, "optim.batch": 64, "optim.epochs": 10, "method.temperature": 5,
                  "method.teacher_weight": 0.7, "method.mean_over_classes": True, "teacher.student.dropout": 0.8,
                  "data.source.mean": [0.1307], "data.source.sd": [0.3081]},
    "cifar10-cnn": {"optim.lr": 0.001, "optim.batch": 64, "optim.epochs": 10, "method.temperature": 5,
                    "method.teacher_weight": 0.7, "schedules.temperature.factor": 0.95,
                    "schedules.temperature.floor": 1, "data.source.mean": [0.5], "data.source.sd": [0.5]},
    "resnet50-mobilenet": {"method.temperature": 4, "method.teacher_weight": 0.9, "optim.lr_schedule": "cosine"},
    "hinton-mnist": {"method.temperature": 20, "teacher.data.augmentation": "shift",
                     "teacher.student.widths": [1200, 1200], "student.widths": [800, 800]},
    "mnist-few-labels": {"data.labelled": 5000, "method.temperature": 4, "method.teacher_weight": 0.9,
                         "optim.epochs": 150, "student.widths": [32]},
}  # fmt: skip

members = pytest.mark.parametrize("name", list(PRESETS))


def teacher_of(recipe: Recipe) -> Recipe:
    assert recipe.teacher is not None
    return recipe.teacher


def built(recipe: Recipe) -> Network:
    return recipe.student.build(SHAPES[recipe.to_json()["data"]["source"]["name"]], 10)


def made_up(recipe: Recipe, count: int) -> Splits:
    """Return grey noise of the dataset's shape, ten classes."""
    shape = SHAPES[recipe.to_json()["data"]["source"]["name"]]
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, *shape), generator=random, dtype=torch.uint8)
    labels, classes = torch.arange(count) % 10, tuple("0123456789")
    split = Split(images, labels, classes, (0.5,) * shape[0], (0.5,) * shape[0])
    few = split.subset(torch.arange(2))
    return Splits(train=split, validation=few, test=few)


@members
def test_it_builds_and_can_be_raced(name: str) -> None:
    preset = PRESETS[name]
    assert preset.name == name and preset.title and preset.description.endswith(".")
    assert Recipe.from_json(preset.recipe.to_json()) == preset.recipe
    assert len(Study.race(preset.recipe, preset.seeds, name).members) == 3 * preset.seeds


@members
def test_its_teacher_is_larger_and_learns_from_everything(name: str) -> None:
    recipe = PRESETS[name].recipe
    with torch.device("meta"):
        assert parameters(built(teacher_of(recipe))) > 1.5 * parameters(built(recipe))
    data = teacher_of(recipe).data
    assert (data.labelled, data.label_noise, data.dropped_classes) == (None, 0, ())


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_the_documents_networks_have_the_documents_sizes(name: str) -> None:
    recipe = PRESETS[name].recipe
    with torch.device("meta"):
        assert (parameters(built(teacher_of(recipe))), parameters(built(recipe))) == PARAMETERS[name]


@pytest.mark.parametrize("name", list(SETTINGS))
def test_the_documents_settings_are_kept_as_written(name: str) -> None:
    recipe = PRESETS[name].recipe
    assert recipe.changed(SETTINGS[name]) == recipe


def test_half_of_mnist_cnns_weight_is_on_the_labels() -> None:
    assert PRESETS["mnist-cnn"].recipe.changed({"method.label_weight": 0.5}).method.with_tensors(label_weight=None) == (
        PRESETS["mnist-cnn"].recipe.method
    )
    assert PRESETS["mnist-cnn"].recipe.to_json()["method"]["teacher_weight"] == 0.5


def test_the_default_is_first_and_needs_no_download() -> None:
    assert next(iter(PRESETS)) == "digits"
    assert PRESETS["digits"].recipe.to_json()["data"]["source"]["name"] == "digits"


def test_an_unknown_preset_is_told_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"no preset named 'mnist'.*mnist-mlp"):
        PRESETS["mnist"]


@members
def test_one_step_of_training_works(name: str) -> None:
    count = 2 if "resnet" in name else 8
    recipe = PRESETS[name].recipe.changed({"optim.epochs": 1, "optim.batch": count, "teacher.optim.epochs": 1})
    splits = made_up(recipe, count)
    with torch.random.fork_rng(devices=[]):
        teacher = built(teacher_of(recipe)).eval()
    *_, epoch, finished = list(fit(recipe, splits, teacher))
    assert isinstance(epoch, EpochEnd) and set(epoch.lanes[0].losses) == {"labels", "teacher"}
    assert isinstance(finished, Finished) and finished.epoch == 0
    if "resnet" not in name:
        *_, taught = list(fit(teacher_of(recipe).changed({"optim.batch": count}), splits))
        assert isinstance(taught, Finished)
