"""The trials behind the recorded evidence: which recipes are trained, and how their logits become the figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from benchmarks.evidence.bias_shift import best_shift, shifted, wrong
from benchmarks.evidence.rule import Measured
from benchmarks.evidence.trial_store import Trained, Trials, members
from kd_core import PRESETS, Recipe
from kd_core.functional import kl_per_sample, soften
from kd_core.methods.decoupled import parts

MNIST = {"name": "mnist", "mean": [0.1307], "sd": [0.3081]}
THREES = 3


@dataclass(frozen=True)
class Trial:
    """What came of an experiment.

    Args:
        figures: by key.
        numbers: of the setting, by the names with which its words ask for them.
    """

    figures: Mapping[str, Measured]
    numbers: Mapping[str, Any]


def of_arm(networks: Sequence[Trained], arm: str) -> list[Trained]:
    return [one for one in networks if one.arm == arm]


def errors(trials: Trials, networks: Sequence[Trained]) -> Measured:
    missed = [~trials.right(one) for one in networks]
    return Measured([float(one.sum()) for one in missed], missed)


def percent(marks: Sequence[Any]) -> Measured:
    return Measured([100 * float(one.mean()) for one in marks], marks)


def accuracy(trials: Trials, networks: Sequence[Trained]) -> Measured:
    return percent([trials.right(one) for one in networks])


def hinton_recipe(full: bool, teacher_epochs: int = 12) -> Recipe:
    preset = PRESETS["hinton-mnist"].recipe
    return preset if full else preset.changed({"optim.epochs": 12, "teacher.optim.epochs": teacher_epochs})


def hinton(trials: Trials, full: bool, seeds: int) -> Trial:
    # Dropout and shifted images take their time: after 12 epochs the teacher is no better than its student.
    recipe = hinton_recipe(full, teacher_epochs=30)
    found = trials.trained("hinton", members(recipe, seeds, ("teacher", "alone", "distilled")))
    arms = {arm: errors(trials, of_arm(found, arm)) for arm in ("teacher", "alone", "distilled")}
    return Trial(arms, _student_numbers(recipe))


def _transfer_set(full: bool, dropped: Sequence[int], epochs: int) -> Recipe:
    """Hinton's student follows the teacher alone, on images of some classes only."""
    changes = {"data.dropped_classes": list(dropped), "method.teacher_weight": 1.0}
    short = {"student.widths": [300, 300], "optim.epochs": epochs}
    return hinton_recipe(full).changed(changes | ({} if full else short))


def missing_3(trials: Trials, full: bool, seeds: int) -> Trial:
    recipe = _transfer_set(full, [THREES], 12)
    found = trials.trained("missing-3", members(recipe, seeds, ("teacher", "distilled"), one_teacher=True))
    shifts, before, after = _bias_chosen(trials, of_arm(found, "distilled"), [THREES])
    figures: dict[str, list[Any]] = {}
    for one, plain, moved in zip(of_arm(found, "distilled"), before, after, strict=True):
        labels = trials.labels(one.recipe)
        for name, logits in (("before", plain), ("after", moved)):
            figures.setdefault(name, []).append(logits.argmax(-1) != labels)
            figures.setdefault(f"{name}_threes", []).append((logits.argmax(-1) != labels) & (labels == THREES))
            assert figures[f"{name}_threes"][-1].sum() == wrong(logits, labels, only=THREES)
    counted = {name: Measured([float(one.sum()) for one in marks], marks) for name, marks in figures.items()}
    count = int((trials.labels(recipe) == THREES).sum())
    known = [100 * (1 - value / count) for value in counted["after_threes"].values]
    more = {"threes_known": Measured(known), "shift": Measured(shifts)}
    return Trial(counted | more, _student_numbers(recipe))


def only_7_8(trials: Trials, full: bool, seeds: int) -> Trial:
    recipe = _transfer_set(full, [0, 1, 2, 3, 4, 5, 6, 9], 40)
    found = trials.trained("only-7-8", members(recipe, seeds, ("teacher", "distilled"), one_teacher=True))
    shifts, before, after = _bias_chosen(trials, of_arm(found, "distilled"), [7, 8])
    labels = trials.labels(recipe)
    missed = {name: [one.argmax(-1) != labels for one in many] for name, many in (("before", before), ("after", after))}
    figures = {name: percent(marks) for name, marks in missed.items()}
    right = percent([~one for one in missed["after"]])
    return Trial(figures | {"right": right, "shift": Measured(shifts)}, _student_numbers(recipe))


def _bias_chosen(
    trials: Trials, networks: Sequence[Trained], classes: Sequence[int]
) -> tuple[list[float], list[Any], list[Any]]:
    """Return by network the amount that its validation images choose, and its test logits before and after."""
    before = [trials.logits(one) for one in networks]
    shifts = [
        best_shift(trials.logits(one, "validation"), trials.labels(one.recipe, "validation"), classes)
        for one in networks
    ]
    return shifts, before, [shifted(logits, classes, amount) for logits, amount in zip(before, shifts, strict=True)]


def _student_numbers(recipe: Recipe) -> dict[str, Any]:
    return {
        "student": "-".join(str(width) for width in recipe.student.widths),
        "epochs": recipe.optim.epochs,
        "teacher_epochs": recipe.teacher.optim.epochs,
    }


def mueller(trials: Trials, full: bool, seeds: int) -> Trial:
    short = {"teacher.student.widths": [300, 300], "student.widths": [100, 100]}
    short |= {"optim.epochs": 10, "teacher.optim.epochs": 8}
    recipe = PRESETS["hinton-mnist"].recipe.changed({"method.temperature": 4} | ({} if full else short))
    figures = {}
    for name, method in (("plain", "labels_only"), ("smoothed", {"name": "label_smoothing", "smoothing": 0.1})):
        one = recipe.changed({"teacher.method": method})
        found = trials.trained(f"mueller {name}", members(one, seeds, ("teacher", "distilled")))
        for arm in ("teacher", "distilled"):
            figures[f"{arm}_{name}"] = percent([~trials.right(one) for one in of_arm(found, arm)])
    teacher = "-".join(str(width) for width in recipe.teacher.student.widths)
    return Trial(figures, {"teacher": teacher, **_student_numbers(recipe)})


def stanton(trials: Trials, full: bool, seeds: int) -> Trial:
    width, images, epochs = (400, 20000, 100) if full else (200, 5000, 40)
    changes = {"student.widths": [width, width], "teacher.student.widths": [width, width], "method.temperature": 4}
    limits = {"data.labelled": images, "teacher.data.labelled": images}
    lengths = {"optim.epochs": epochs, "teacher.optim.epochs": epochs}
    recipe = PRESETS["hinton-mnist"].recipe.changed({**changes, **limits, **lengths})
    found = trials.trained("stanton", members(recipe, seeds, ("teacher", "alone", "distilled")))
    by_arm = {arm: of_arm(found, arm) for arm in ("teacher", "alone", "distilled")}
    figures = {arm: accuracy(trials, many) for arm, many in by_arm.items()}
    for arm in ("alone", "distilled"):
        pairs = zip(by_arm[arm], by_arm["teacher"], strict=True)
        figures[f"disagrees_{arm}"] = percent(
            [trials.logits(one).argmax(-1) != trials.logits(own).argmax(-1) for one, own in pairs]
        )
    return Trial(figures, {"images": f"{images:,}", **_student_numbers(recipe)})


def dafl(trials: Trials, full: bool, seeds: int) -> Trial:
    epochs, steps, batch = (200, 120, 512) if full else (20, 120, 128)
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
    found = trials.trained("dafl", members(recipe, seeds, ("teacher", "distilled")))
    figures = {arm: accuracy(trials, of_arm(found, arm)) for arm in ("teacher", "distilled")}
    return Trial(figures, {"epochs": epochs, "steps": steps, "batch": batch, "images": f"{epochs * steps * batch:,}"})


def fedmd(trials: Trials, full: bool, seeds: int) -> Trial:
    rounds = 100 if full else 40
    recipe = Recipe.from_json(
        {
            "data": {"source": MNIST, "labelled": 1000, "unlabelled": "keep"},
            "student": {"name": "mlp", "widths": [64]},
            "method": {"name": "soft_targets", "temperature": 1.0, "teacher_weight": 1.0, "label_weight": 1.0},
            "protocol": {"name": "federated", "clients": 5, "alpha": 0.3, "public": 2000},
            "optim": {"lr": 0.001, "batch": 64, "epochs": rounds},
        }
    )
    found = trials.trained("fedmd", members(recipe, seeds, ("distilled",)))
    facts = [trials.told(one, "round") for one in found]
    clients, twins = ([100 * float(np.mean(one[side])) for one in facts] for side in ("clients", "twins"))
    gain = [100 * (after / before - 1) for after, before in zip(clients, twins, strict=True)]
    figures = {"clients": Measured(clients), "twins": Measured(twins), "gain": Measured(gain)}
    return Trial(figures, {"rounds": rounds, "labels": "1,000", "clients": 5})


def byot(trials: Trials, full: bool, seeds: int) -> Trial:
    images, channels, epochs = (None, [32, 64, 128], 30) if full else (5000, [8, 16, 32], 15)
    recipe = Recipe.from_json(
        {
            "data": {"source": MNIST, "labelled": images},
            "student": {"name": "convnet", "channels": channels, "fc": 64},
            "method": "self_exits",
            "optim": {"lr": 0.002, "lr_schedule": "cosine", "batch": 64, "epochs": epochs},
        }
    )
    found = trials.trained("byot", members(recipe, seeds, ("alone", "distilled")))
    figures = {name: accuracy(trials, of_arm(found, arm)) for name, arm in (("alone", "alone"), ("end", "distilled"))}
    told = [trials.told(one, "exits") for one in of_arm(found, "distilled")]
    if all(told):  # an engine that does not tell them leaves these figures out, and the rule says so
        for position, depth in enumerate(told[0]["exits"][:-1]):
            figures[depth] = Measured([100 * one["test"][position] for one in told])
    gain = [end - alone for end, alone in zip(figures["end"].values, figures["alone"].values, strict=True)]
    numbers = {"images": f"{images or 54_000:,}", "channels": "-".join(map(str, channels)), "epochs": epochs}
    return Trial(figures | {"gain": Measured(gain)}, numbers)


def _decoupled_recipe(full: bool) -> Recipe:
    few = PRESETS["mnist-few-labels"].recipe
    changes = {"optim.epochs": 150 if full else 60, "data.labelled": 1000}
    return few.changed(changes).model_copy(update={"teacher": hinton_recipe(full).teacher})


def dkd(trials: Trials, full: bool, seeds: int) -> Trial:
    recipe = _decoupled_recipe(full)
    soft = trials.trained("dkd soft targets", members(recipe, seeds, ("teacher", "alone", "distilled"), True))
    method = {"name": "decoupled", "temperature": 4, "label_weight": 1.0, "target_weight": 1.0, "others_weight": 8.0}
    apart = trials.trained("dkd", members(recipe.changed({"method": method}), seeds, ("teacher", "distilled"), True))
    kd, own = (accuracy(trials, of_arm(found, "distilled")) for found in (soft, apart))
    gain = Measured([ours - theirs for ours, theirs in zip(own.values, kd.values, strict=True)])
    figures = {"alone": accuracy(trials, of_arm(soft, "alone")), "soft_targets": kd, "decoupled": own, "gain": gain}
    return Trial(figures, {**_student_numbers(recipe), "labels": "1,000"})


def dkd_identity(trials: Trials, full: bool, seeds: int) -> Trial:
    """On stored logits of a trained pair, in float64: KL = TCKD + (1 - p_y) NCKD for every test image."""
    pairs = members(_decoupled_recipe(full), seeds, ("teacher", "alone", "distilled"), True)
    found = trials.trained("dkd soft targets", pairs)
    teacher = torch.from_numpy(trials.logits(of_arm(found, "teacher")[0])).double()
    labels = torch.from_numpy(trials.labels(found[0].recipe))
    largest = []
    for one in of_arm(found, "distilled"):
        student = torch.from_numpy(trials.logits(one)).double()
        off = [_identity_residual(teacher, student, labels, temperature) for temperature in (1.0, 4.0, 20.0)]
        largest.append(max(off))
    return Trial({"residual": Measured(largest)}, {"temperatures": "1, 4, 20"})


def _identity_residual(teacher: torch.Tensor, student: torch.Tensor, labels: torch.Tensor, temperature: float) -> float:
    """Return the largest difference between the two sides over the images, in nats."""
    target, others = parts(teacher, student, labels, temperature)
    right = soften(teacher, temperature).gather(-1, labels[:, None]).squeeze(-1)
    return float((kl_per_sample(teacher, student, temperature) - (target + (1 - right) * others)).abs().max())


TRIALS: dict[str, Callable[[Trials, bool, int], Trial]] = {
    "hinton": hinton,
    "missing-3": missing_3,
    "only-7-8": only_7_8,
    "mueller": mueller,
    "stanton": stanton,
    "dafl": dafl,
    "fedmd": fedmd,
    "byot": byot,
    "dkd": dkd,
    "dkd-identity": dkd_identity,
}
