"""Presets: recipes worth starting from, each with its words and where its settings come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from kd_core.errors import UnknownName
from kd_core.recipe.recipe import Recipe

Values = dict[str, Any]


@dataclass(frozen=True)
class Preset:
    """A starting point.

    Args:
        name: as on the command line and in links.
        title: a few words for a list; Chinese in the catalogue under ``presets.<name>.title``.
        description: what it shows and whose settings these are.
        recipe: the distilled student's recipe, with its teacher.
        seeds: how many are raced unless a person sets another number.
    """

    name: str
    title: str
    description: str
    recipe: Recipe
    seeds: int


class Presets(Mapping[str, Preset]):
    """Name -> preset, in the order in which they are offered; each is built when it is asked for."""

    def __getitem__(self, name: str) -> Preset:
        """Return the preset of that name.

        Raises:
            UnknownName: with the names there are.
        """
        if name not in _MAKERS:
            raise UnknownName(kind="preset", name=name, known=self)
        return _built(name)

    def __contains__(self, name: object) -> bool:
        return name in _MAKERS

    def __iter__(self) -> Iterator[str]:
        return iter(_MAKERS)

    def __len__(self) -> int:
        return len(_MAKERS)


def pair(data: Values, teacher: Values, student: Values, method: Values, optim: Values, **other: Any) -> Recipe:
    """Return a student's recipe whose teacher learns from the whole of the same dataset by labels only.

    Args:
        data: the student's; its ``source`` is the teacher's too.
        teacher: the teacher's network.
        student: the student's network.
        method: the student's.
        optim: of both, unless ``teacher_optim`` differs in some settings.
        other: ``teacher_optim``, ``teacher_data`` and further fields of the student's recipe.
    """
    teacher_recipe = {
        "data": {"source": data["source"], **other.pop("teacher_data", {})},
        "student": teacher,
        "optim": optim | other.pop("teacher_optim", {}),
    }
    values = {"data": data, "student": student, "method": method, "optim": optim, "teacher": teacher_recipe}
    return Recipe.from_json(values | other)


def _digits() -> Preset:
    return Preset(
        "digits",
        "Handwritten digits, few labels",
        "1,797 small digits that come with scikit-learn. The teacher saw all 1,047 training images, the student only "
        "200 labels: little data is where a teacher has most to give. A race takes seconds.",
        pair(
            data={"source": "digits", "labelled": 200},
            teacher={"name": "mlp", "widths": [256, 256]},
            student={"name": "mlp", "widths": [12, 12]},
            method={"name": "soft_targets", "temperature": 4, "teacher_weight": 0.9},
            optim={"lr": 0.005, "batch": 32, "epochs": 60},
            teacher_optim={"lr": 0.001, "batch": 64, "epochs": 30},
        ),
        seeds=5,
    )


def _mnist(mean: float, sd: float) -> Values:
    return {"name": "mnist", "mean": [mean], "sd": [sd]}


def _convnet(channels: list[int], fc: int, padding: bool = True) -> Values:
    return {"name": "convnet", "channels": channels, "fc": fc, "padding": padding}


def _mnist_cnn() -> Preset:
    return Preset(
        "mnist-cnn",
        "MNIST, two convolutional networks",
        "Settings as written in the source text: Adam with a learning rate of .01. With that rate the teacher is no "
        "better than its student, so there is nothing to learn from it; the tuned preset shows the same pair at a "
        "rate that suits it.",
        pair(
            data={"source": _mnist(0.5, 0.5)},
            teacher=_convnet([32, 64], 128),
            student=_convnet([16, 32], 64),
            method={"name": "soft_targets", "temperature": 4, "teacher_weight": 0.5},
            optim={"lr": 0.01, "batch": 128, "epochs": 5},
        ),
        seeds=1,
    )


def _mnist_mlp() -> Preset:
    return Preset(
        "mnist-mlp",
        "MNIST, two fully connected networks",
        "Settings as written in the source text: the teacher drops 80 % of its hidden units, which makes it a poor "
        "one, and KLDivLoss() averages over classes too, which makes the soft term ten times weaker than meant.",
        pair(
            data={"source": _mnist(0.1307, 0.3081)},
            teacher={"name": "mlp", "widths": [1200, 1200], "dropout": 0.8},
            student={"name": "mlp", "widths": [20, 20]},
            method={"name": "soft_targets", "temperature": 5, "teacher_weight": 0.7, "mean_over_classes": True},
            optim={"lr": 0.001, "batch": 64, "epochs": 10},
        ),
        seeds=1,
    )


def _cifar10_cnn() -> Preset:
    return Preset(
        "cifar10-cnn",
        "CIFAR-10, two convolutional networks",
        "Photographs in ten classes. The temperature starts at 5 and cools by 5 % every epoch, never below 1.",
        pair(
            data={"source": {"name": "cifar10", "mean": [0.5], "sd": [0.5]}},
            teacher=_convnet([64, 128], 512, padding=False),
            student=_convnet([32, 64], 256, padding=False),
            method={"name": "soft_targets", "temperature": 5, "teacher_weight": 0.7},
            optim={"lr": 0.001, "batch": 64, "epochs": 10},
            schedules={"temperature": {"name": "exponential", "factor": 0.95, "floor": 1}},
        ),
        seeds=1,
    )


def _resnet50_mobilenet() -> Preset:
    return Preset(
        "resnet50-mobilenet",
        "CIFAR-10, ResNet-50 to MobileNetV2",
        "The pair that engineers ask about: 23 million parameters teach 2. Hours on a CPU, minutes on a GPU.",
        pair(
            data={"source": "cifar10", "augmentation": "flip_crop"},
            teacher={"name": "resnet50"},
            student={"name": "mobilenet_v2"},
            method={"name": "soft_targets", "temperature": 4, "teacher_weight": 0.9},
            optim={
                "algorithm": "sgd",
                "lr": 0.05,
                "lr_schedule": "cosine",
                "weight_decay": 5e-4,
                "batch": 128,
                "epochs": 60,
            },
            teacher_data={"augmentation": "flip_crop"},
        ),
        seeds=1,
    )


def _hinton_mnist() -> Preset:
    return Preset(
        "hinton-mnist",
        "MNIST, as in Hinton et al. 2015",
        "Two hidden layers of 1,200 units with dropout and jittered images teach two of 800 at a temperature of 20. "
        "Published test errors of 10,000: teacher 67, student on labels 146, student with the teacher 74.",
        pair(
            data={"source": _mnist(0.1307, 0.3081)},
            teacher={"name": "mlp", "widths": [1200, 1200], "dropout": 0.5},
            student={"name": "mlp", "widths": [800, 800]},
            method={"name": "soft_targets", "temperature": 20, "teacher_weight": 0.9},
            optim={"lr": 0.001, "lr_schedule": "cosine", "batch": 128, "epochs": 60},
            teacher_data={"augmentation": "shift"},
        ),
        seeds=1,
    )


def _mnist_few_labels() -> Preset:
    return Preset(
        "mnist-few-labels",
        "MNIST, 5,000 labels and patience",
        "The student sees 5,000 images for 150 epochs. Early on the teacher seems to hurt; later the curves cross.",
        pair(
            data={"source": _mnist(0.1307, 0.3081), "labelled": 5000},
            teacher={"name": "mlp", "widths": [800, 800], "dropout": 0.5},
            student={"name": "mlp", "widths": [32]},
            method={"name": "soft_targets", "temperature": 4, "teacher_weight": 0.9},
            optim={"lr": 0.001, "batch": 128, "epochs": 150},
            teacher_data={"augmentation": "shift"},
            teacher_optim={"epochs": 15, "lr_schedule": "cosine"},
        ),
        seeds=3,
    )


def _mnist_mlp_tuned() -> Preset:
    return Preset(
        "mnist-mlp-tuned",
        "MNIST, the fully connected pair, tuned",
        "The same networks with settings chosen on validation: a teacher that saw every image, shifted anew each time, "
        "and a student that has 5,000 labels.",
        pair(
            data={"source": _mnist(0.1307, 0.3081), "labelled": 5000},
            teacher={"name": "mlp", "widths": [1200, 1200], "dropout": 0.3},
            student={"name": "mlp", "widths": [20, 20]},
            method={"name": "soft_targets", "temperature": 4, "teacher_weight": 0.9},
            optim={"lr": 0.002, "lr_schedule": "cosine", "batch": 64, "epochs": 40},
            teacher_data={"augmentation": "shift"},
            teacher_optim={"lr": 0.001, "batch": 128, "epochs": 10},
        ),
        seeds=3,
    )


def _mnist_cnn_tuned() -> Preset:
    return Preset(
        "mnist-cnn-tuned",
        "MNIST, the convolutional pair, tuned",
        "The same networks with settings chosen on validation: a teacher that saw every image, shifted anew each time, "
        "and a student that has 1,000 labels.",
        pair(
            data={"source": _mnist(0.5, 0.5), "labelled": 1000},
            teacher=_convnet([32, 64], 128),
            student=_convnet([16, 32], 64),
            method={"name": "soft_targets", "temperature": 4, "teacher_weight": 0.9},
            optim={"lr": 0.002, "lr_schedule": "cosine", "batch": 64, "epochs": 20},
            teacher_data={"augmentation": "shift"},
            teacher_optim={"lr": 0.001, "batch": 128, "epochs": 4},
        ),
        seeds=3,
    )


_MAKERS: dict[str, Callable[[], Preset]] = {
    "digits": _digits,
    "mnist-cnn": _mnist_cnn,
    "mnist-mlp": _mnist_mlp,
    "cifar10-cnn": _cifar10_cnn,
    "resnet50-mobilenet": _resnet50_mobilenet,
    "hinton-mnist": _hinton_mnist,
    "mnist-few-labels": _mnist_few_labels,
    "mnist-mlp-tuned": _mnist_mlp_tuned,
    "mnist-cnn-tuned": _mnist_cnn_tuned,
}

PRESETS = Presets()


@cache
def _built(name: str) -> Preset:
    return _MAKERS[name]()
