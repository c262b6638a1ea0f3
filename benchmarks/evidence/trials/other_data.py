"""Trials in which students learn from made-up or public images, and an identity."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.evidence.rule import Measured
from benchmarks.evidence.trial_store import Trials
from benchmarks.evidence.trials.base import MNIST, WAITING, Trial, TrialFunction, accuracy, small_pair, sure
from kd_core import Recipe
from kd_core.functional import kl_per_sample, soften
from kd_core.methods.decoupled import parts


def dafl(trials: Trials, seeds: int) -> Trial:
    epochs, steps, batch = 20, 120, 128
    convnet = {"name": "convnet", "padding": True}
    teacher = {"data": {"source": MNIST}, "student": {**convnet, "channels": [6, 16], "fc": 84}}
    recipe = Recipe.from_json(
        {
            "data": {"source": MNIST},
            "student": {**convnet, "channels": [3, 8], "fc": 42},
            "method": {"name": "soft_targets", "temperature": 1.0, "teacher_weight": 1.0},
            "protocol": {"name": "data_free", "steps": steps},
            "optim": {"lr": 0.002, "batch": batch, "epochs": epochs},
            "teacher": {**teacher, "optim": {"lr": 0.002, "lr_schedule": "cosine", "batch": 128, "epochs": 6}},
        }
    )
    assert recipe.teacher is not None
    found = trials.trained("dafl", {"teacher": recipe.teacher, "distilled": recipe}, seeds, by_seed=True)
    if not trials.complete:
        return WAITING
    figures = {arm: accuracy(trials, networks) for arm, networks in found.items()}
    numbers = {"epochs": epochs, "steps": steps, "batch": batch, "images": f"{epochs * steps * batch:,}"}
    return Trial(figures, numbers, {"teacher": 6, "student": epochs})


def fedmd(trials: Trials, seeds: int) -> Trial:
    rounds = 40
    recipe = Recipe.from_json(
        {
            "data": {"source": MNIST, "labelled": 1000, "unlabelled": "keep"},
            "student": {"name": "mlp", "widths": [64]},
            "method": {"name": "soft_targets", "temperature": 1.0, "teacher_weight": 1.0, "label_weight": 1.0},
            "protocol": {"name": "federated", "clients": 5, "alpha": 0.3, "public": 2000},
            "optim": {"lr": 0.001, "batch": 64, "epochs": rounds},
        }
    )
    found = trials.trained("fedmd", {"distilled": recipe}, seeds, by_seed=True)
    if not trials.complete:
        return WAITING
    noted = [trials.noted(network, "round") for network in sure(found["distilled"])]
    facts = [of_seed for of_seed in noted if of_seed is not None]
    clients, twins = ([100 * float(np.mean(of_seed[side])) for of_seed in facts] for side in ("clients", "twins"))
    gain = [100 * (after / before - 1) for after, before in zip(clients, twins, strict=True)]
    figures = {"clients": Measured(clients), "twins": Measured(twins), "gain": Measured(gain)}
    return Trial(figures, {"rounds": rounds, "labels": "1,000", "clients": 5}, {"student": rounds})


def dkd_identity(trials: Trials, seeds: int) -> Trial:
    """On stored logits of trained pairs, in float64: KL = TCKD + (1 - p_y) NCKD for every test image."""
    base = small_pair()
    assert base.teacher is not None
    found = trials.trained("pair", {"teacher": base.teacher, "distilled": base}, seeds)
    if not trials.complete:
        return WAITING
    largest = []
    for teacher, student in zip(sure(found["teacher"]), sure(found["distilled"]), strict=True):
        theirs, own = (torch.from_numpy(trials.logits(network)).double() for network in (teacher, student))
        labels = torch.from_numpy(trials.labels(student.recipe))
        largest.append(max(_identity_residual(theirs, own, labels, value) for value in (1.0, 4.0, 20.0)))
    return Trial({"residual": Measured(largest)}, {"temperatures": "1, 4, 20"})


def _identity_residual(teacher: torch.Tensor, student: torch.Tensor, labels: torch.Tensor, temperature: float) -> float:
    """Return the largest difference between the two sides over the images, in nats."""
    target, others = parts(teacher, student, labels, temperature)
    right = soften(teacher, temperature).gather(-1, labels[:, None]).squeeze(-1)
    return float((kl_per_sample(teacher, student, temperature) - (target + (1 - right) * others)).abs().max())


OTHER: dict[str, TrialFunction] = {"dkd-identity": dkd_identity, "fedmd": fedmd, "dafl": dafl}
