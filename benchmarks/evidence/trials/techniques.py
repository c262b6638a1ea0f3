"""Trials of techniques against soft targets, every one tuned on validation with the same number of trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.evidence.trial_store import Trials
from benchmarks.evidence.trials.base import (
    MNIST,
    TUNING_SEEDS,
    WAITING,
    Trial,
    TrialFunction,
    accuracy,
    chosen,
    minus,
)
from kd_core import Recipe


def _beside_soft_targets(name: str, weights: Mapping[str, tuple[float, float, float]]) -> list[dict[str, Any]]:
    """Return six settings: three weights, with and without soft targets beside them."""
    return [
        {"name": name, "teacher_weight": soft, "temperature": 4, **{weight: own[at] for weight, own in weights.items()}}
        for at in range(3)
        for soft in (0.0, 0.9)
    ]


CANDIDATES: Mapping[str, list[dict[str, Any]]] = {
    "kd": [
        {"name": "soft_targets", "temperature": value, "teacher_weight": weight}
        for value in (2, 4, 8)
        for weight in (0.5, 0.9)
    ],
    "dkd": [
        {"name": "decoupled", "temperature": value, "label_weight": 1.0, "target_weight": 1.0, "others_weight": weight}
        for value in (2, 4)
        for weight in (0.5, 2, 8)
    ],
    "dist": [
        {"name": "dist", "temperature": value, "classes_weight": weight, "images_weight": weight}
        for value in (1, 4)
        for weight in (0.5, 2, 8)
    ],
    "rkd": _beside_soft_targets("relational", {"distance_weight": (0.25, 2.5, 25), "angle_weight": (0.5, 5, 50)}),
    "at": _beside_soft_targets("attention_transfer", {"weight": (10, 100, 1000)}),
    "sp": _beside_soft_targets("similarity", {"weight": (30, 300, 3000)}),
    "pkt": _beside_soft_targets("pkt", {"weight": (300, 3000, 30000)}),
}
"""Each technique's settings, the source's own among them: six, so that nobody has more tries than another."""


def _tuned(trials: Trials, base: Recipe, seeds: int) -> tuple[dict[str, Any], dict[str, str]] | None:
    """Return the networks of every technique at its best setting and of the student alone, and which setting that is.

    Args:
        trials: what trains.
        base: the student's recipe; one teacher teaches all.
        seeds: on which the techniques are judged, others than those of tuning.
    """
    arms, settings = {"alone": base.baseline()}, {}
    for name, candidates in CANDIDATES.items():
        recipes = {f"{at}": base.changed({"method": method}) for at, method in enumerate(candidates)}
        found = trials.trained(f"tuning {name}", recipes, TUNING_SEEDS, one_teacher=True, by_seed=True)
        best = candidates[int(chosen(trials, found))]
        arms[name] = base.changed({"method": best})
        numbers = {path: value for path, value in best.items() if path != "name"}
        settings[name] = ", ".join(f"{path} {value:g}" for path, value in numbers.items())
    found = trials.trained("judged", arms, seeds, one_teacher=True, by_seed=True)
    return (found, settings) if trials.complete else None


def tuned_mnist(trials: Trials, seeds: int) -> Trial:
    """Race seven techniques on MNIST with few labels."""
    return _race(trials, mnist_base(), seeds)


def tuned_cifar10(trials: Trials, seeds: int) -> Trial:
    """Race seven techniques on a fifth of CIFAR-10's training images."""
    return _race(trials, cifar_base(trials), seeds)


def dkd(trials: Trials, seeds: int) -> Trial:
    """Take decoupled and plain soft targets from the race on MNIST."""
    found = _tuned(trials, mnist_base(), seeds)
    if found is None:
        return WAITING
    networks, settings = found
    figures = {
        name: accuracy(trials, networks[arm]) for name, arm in (("alone", "alone"), ("kd", "kd"), ("dkd", "dkd"))
    }
    numbers = {**_numbers(mnist_base()), "kd": settings["kd"], "dkd": settings["dkd"]}
    return Trial(figures | {"gain": minus(figures["dkd"], figures["kd"])}, numbers, _epochs(mnist_base()))


def _race(trials: Trials, base: Recipe, seeds: int) -> Trial:
    found = _tuned(trials, base, seeds)
    if found is None:
        return WAITING
    networks, settings = found
    figures = {name: accuracy(trials, of_arm) for name, of_arm in networks.items()}
    chosen_settings = "; ".join(f"{name}: {setting}" for name, setting in settings.items())
    return Trial(figures, {**_numbers(base), "settings": chosen_settings}, _epochs(base))


def mnist_base() -> Recipe:
    """Return a small student with 1,000 labels of MNIST, and a larger teacher that saw all."""
    return Recipe.from_json(
        {
            "data": {"source": MNIST, "labelled": 1000},
            "student": {"name": "convnet", "channels": [8, 16], "fc": 32},
            "method": CANDIDATES["kd"][3],
            "optim": {"lr": 0.002, "lr_schedule": "cosine", "batch": 32, "epochs": 25},
            "teacher": {
                "data": {"source": MNIST, "augmentation": "shift"},
                "student": {"name": "convnet", "channels": [16, 32], "fc": 64},
                "optim": {"lr": 0.002, "lr_schedule": "cosine", "batch": 128, "epochs": 5},
            },
        }
    )


def cifar_base(trials: Trials) -> Recipe:
    """Return a small student with a fifth of CIFAR-10, and a larger teacher that saw all."""
    source = trials.cifar10()
    return Recipe.from_json(
        {
            "data": {"source": source, "labelled": 9000, "augmentation": "flip_crop"},
            "student": {"name": "convnet", "channels": [16, 32, 64], "fc": 64, "batch_norm": True},
            "method": CANDIDATES["kd"][3],
            "optim": {"lr": 0.002, "lr_schedule": "cosine", "batch": 64, "epochs": 30},
            "teacher": {
                "data": {"source": source, "augmentation": "flip_crop"},
                "student": {"name": "convnet", "channels": [32, 64, 128], "fc": 128, "batch_norm": True},
                "optim": {"lr": 0.002, "lr_schedule": "cosine", "batch": 128, "epochs": 30},
            },
        }
    )


def _numbers(base: Recipe) -> dict[str, Any]:
    assert base.teacher is not None
    trial_count = len(CANDIDATES["kd"])
    return {
        "labels": f"{base.data.labelled:,}",
        "epochs": base.optim.epochs,
        "teacher_epochs": base.teacher.optim.epochs,
        "trials": trial_count,
        "tuning_seeds": len(TUNING_SEEDS),
    }


def _epochs(base: Recipe) -> dict[str, int]:
    assert base.teacher is not None
    return {"teacher": base.teacher.optim.epochs, "student": base.optim.epochs}


ON_DIGITS: dict[str, TrialFunction] = {"dkd": dkd, "tuned-mnist": tuned_mnist}
ON_PHOTOGRAPHS: dict[str, TrialFunction] = {"tuned-cifar10": tuned_cifar10}
