"""Trials about who stands between whom: assistants, generations, exits on the way, and what a student keeps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.evidence.rule import Measured
from benchmarks.evidence.trial_store import Trained, Trials
from benchmarks.evidence.trials.base import (
    MNIST,
    WAITING,
    Trial,
    TrialFunction,
    accuracy,
    minus,
    percent,
    small_pair,
    sure,
)
from kd_core import Recipe
from kd_core.functional import soften

SIZES = {"small": [40, 40], "middle": [150, 150], "large": [800, 800]}


def capacity_gap(trials: Trials, seeds: int) -> Trial:
    """Teach one small student by teachers of three sizes, and by the largest with an assistant in between."""
    labels, optim = {"source": MNIST, "labelled": 5000}, {"lr": 0.002, "batch": 64, "epochs": 60}
    method = {"name": "soft_targets", "temperature": 4, "teacher_weight": 0.9}

    def network(widths: list[int], **more: object) -> dict[str, object]:
        return {"data": labels, "student": {"name": "mlp", "widths": widths}, "optim": optim, **more}

    teachers = {size: network(widths, optim={**optim, "lr": 0.001, "epochs": 25}) for size, widths in SIZES.items()}
    assistant = network(SIZES["middle"], method=method, teacher=teachers["large"])
    taught = {f"by_{size}": network([16], method=method, teacher=teacher) for size, teacher in teachers.items()}
    taught |= {"assisted": network([16], method=method, teacher=assistant), "alone": network([16])}
    everybody = {**{f"teacher_{size}": teacher for size, teacher in teachers.items()}, **taught}
    found = trials.trained("sizes", {arm: Recipe.from_json(own) for arm, own in everybody.items()}, seeds)
    if not trials.complete:
        return WAITING
    figures = {arm: accuracy(trials, networks) for arm, networks in found.items()}
    return Trial(figures, {"labels": "5,000"}, {"teacher": 25, "student": 60})


def born_again(trials: Trials, seeds: int) -> Trial:
    """Train one network three times over, each time taught by the one before."""
    data = {"source": MNIST, "labelled": 5000}
    first = {"data": data, "student": {"name": "mlp", "widths": [64, 64]}}
    first |= {"optim": {"lr": 0.002, "batch": 64, "epochs": 40}}
    generations = {"first": first}
    for name, before in (("second", "first"), ("third", "second")):
        method = {"name": "soft_targets", "temperature": 1, "teacher_weight": 0.5}
        generations[name] = {**first, "method": method, "teacher": generations[before]}
    found = trials.trained("generations", {name: Recipe.from_json(own) for name, own in generations.items()}, seeds)
    if not trials.complete:
        return WAITING
    figures = {name: accuracy(trials, networks) for name, networks in found.items()}
    together = zip(*(sure(networks) for networks in found.values()), strict=True)
    figures["ensemble"] = percent([_right_together(trials, of_seed) for of_seed in together])
    return Trial(figures, {"labels": "5,000"}, {"student": 40})


def _right_together(trials: Trials, networks: Sequence[Trained]) -> np.ndarray:
    """Return (N,) bool, whether the mean of all networks' probabilities tells each test image right."""
    import torch

    mean = torch.stack([soften(torch.from_numpy(trials.logits(network)).float()) for network in networks]).mean(0)
    return np.asarray(mean.argmax(-1)) == trials.labels(networks[0].recipe)


def byot(trials: Trials, seeds: int) -> Trial:
    """Compare every exit with the plain network of its depth."""
    channels, images, epochs = [8, 16, 32], 5000, 20
    base = Recipe.from_json(
        {
            "data": {"source": MNIST, "labelled": images},
            "student": {"name": "convnet", "channels": channels, "fc": 64},
            "method": "self_exits",
            "optim": {"lr": 0.002, "lr_schedule": "cosine", "batch": 64, "epochs": epochs},
        }
    )
    plain = {f"plain_{depth}": channels[:depth] for depth in (1, 2, 3)}
    arms = {name: base.baseline().changed({"student.channels": kept}) for name, kept in plain.items()}
    found = trials.trained("exits", {"end": base, **arms}, seeds, by_seed=True)
    if not trials.complete:
        return WAITING
    figures = {name: accuracy(trials, networks) for name, networks in found.items()}
    noted = [trials.noted(network, "exits") for network in sure(found["end"])]
    by_exit = zip(*(told["test"][: len(told["exits"]) - 1] for told in noted if told is not None), strict=True)
    for name, values in zip(("exit_1", "exit_2"), by_exit, strict=True):
        figures[name] = Measured([100 * value for value in values])
    figures["gain"] = minus(figures["end"], figures["plain_3"])
    numbers = {"images": f"{images:,}", "channels": "-".join(map(str, channels)), "epochs": epochs}
    return Trial(figures, numbers, {"student": epochs})


def stanton(trials: Trials, seeds: int) -> Trial:
    """Ask how accurate a student is, and how often it says something else than its teacher of the same layers."""
    width, images, epochs = 200, 5000, 40
    layers = {"student.widths": [width, width], "teacher.student.widths": [width, width]}
    recipe = small_pair(labels=images, epochs=epochs).changed(layers)
    recipe = recipe.changed({"teacher.data.labelled": images, "teacher.optim.epochs": epochs})
    arms = {"teacher": recipe.teacher, "alone": recipe.baseline(), "distilled": recipe}
    found = trials.trained("same layers", {arm: own for arm, own in arms.items() if own is not None}, seeds)
    if not trials.complete:
        return WAITING
    figures = {arm: accuracy(trials, networks) for arm, networks in found.items()}
    for arm in ("alone", "distilled"):
        pairs = zip(sure(found[arm]), sure(found["teacher"]), strict=True)
        differs = [trials.logits(own).argmax(-1) != trials.logits(teacher).argmax(-1) for own, teacher in pairs]
        figures[f"disagrees_{arm}"] = percent(differs)
    numbers = {"images": f"{images:,}", "student": f"{width}-{width}", "epochs": epochs}
    return Trial(figures, numbers, {"teacher": epochs, "student": epochs})


LINES: dict[str, TrialFunction] = {
    "born-again": born_again,
    "capacity-gap": capacity_gap,
    "stanton": stanton,
    "byot": byot,
}
