"""Trials with the networks of Hinton et al. 2015 and Müller et al. 2019, as long as validation asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.evidence.bias_shift import best_shift, shifted, wrong
from benchmarks.evidence.rule import Measured
from benchmarks.evidence.trial_store import Trained, Trials
from benchmarks.evidence.trials.base import (
    WAITING,
    Trial,
    TrialFunction,
    chosen,
    errors,
    percent,
    sure,
)
from kd_core import PRESETS, Recipe

THREES = 3
LENGTHS = (40, 120)
"""Epochs; every network is trained for both, and validation says which."""
TEMPERATURES = (1, 2, 4, 8, 20)


def _paper(epochs: int, teacher_epochs: int) -> Recipe:
    lengths = {"optim.epochs": epochs, "teacher.optim.epochs": teacher_epochs}
    return PRESETS["hinton-mnist"].recipe.changed(lengths)


def _best_teacher(trials: Trials, seeds: int, smoothing: float = 0.0) -> tuple[list[Trained | None], Recipe]:
    """Return the teachers of the length that validation chooses, by seed, and their recipe."""
    by_length = {}
    for length in LENGTHS:
        recipe = _paper(length, length)
        if smoothing:
            recipe = recipe.changed({"teacher.method": {"name": "label_smoothing", "smoothing": smoothing}})
        assert recipe.teacher is not None
        by_length[f"{length}"] = recipe.teacher
    found = trials.trained(f"teachers, smoothing {smoothing:g}", by_length, seeds, by_seed=True)
    best = chosen(trials, found)
    return list(found[best]), by_length[best]


def hinton(trials: Trials, seeds: int) -> Trial:
    """Count the errors of teacher, student on labels and student with the teacher, each as long as validation says."""
    teachers, teacher = _best_teacher(trials, seeds)
    students, lengths = {}, {}
    for arm in ("alone", "distilled"):
        recipes = {}
        for length in LENGTHS:
            recipe = _paper(length, length).model_copy(update={"teacher": teacher})
            recipes[f"{length}"] = recipe.baseline() if arm == "alone" else recipe
        found = trials.trained(arm, recipes, seeds, by_seed=True)
        best = chosen(trials, found)
        students[arm], lengths[arm] = found[best], int(best)
    if not trials.complete:
        return WAITING
    figures = {"teacher": errors(trials, teachers)} | {arm: errors(trials, own) for arm, own in students.items()}
    tried = {"lengths": " / ".join(f"{length}" for length in LENGTHS)}
    return Trial(figures, tried, {"teacher": teacher.optim.epochs, **lengths})


def _transfer_set(trials: Trials, seeds: int, dropped: Sequence[int]) -> tuple[list[Trained], Recipe]:
    """Return students of the paper's size that follow the first teacher alone, on images of some classes only."""
    _, teacher = _best_teacher(trials, 3)
    changes = {"data.dropped_classes": list(dropped), "method.teacher_weight": 1.0}
    recipe = _paper(LENGTHS[0], LENGTHS[0]).changed(changes).model_copy(update={"teacher": teacher})
    found = trials.trained("transfer set", {"distilled": recipe}, seeds, one_teacher=True, by_seed=True)
    return sure(found["distilled"]), recipe


def missing_3(trials: Trials, seeds: int) -> Trial:
    """Raise the bias of a class that the student never saw."""
    students, recipe = _transfer_set(trials, seeds, [THREES])
    if not trials.complete:
        return WAITING
    shifts, before, after = _bias_chosen(trials, students, [THREES])
    labels, marks = trials.labels(recipe), {}
    for name, of_seeds in (("before", before), ("after", after)):
        marks[name] = [logits.argmax(-1) != labels for logits in of_seeds]
        marks[f"{name}_threes"] = [(logits.argmax(-1) != labels) & (labels == THREES) for logits in of_seeds]
        assert [int(own.sum()) for own in marks[f"{name}_threes"]] == [
            wrong(logits, labels, only=THREES) for logits in of_seeds
        ]
    counted = {name: Measured([float(own.sum()) for own in of_seeds], of_seeds) for name, of_seeds in marks.items()}
    count = int((labels == THREES).sum())
    known = [100 * (1 - value / count) for value in counted["after_threes"].values]
    return Trial(counted | {"threes_known": Measured(known), "shift": Measured(shifts)}, *_length(recipe))


def only_7_8(trials: Trials, seeds: int) -> Trial:
    """Lower the biases of the only two classes that the student saw."""
    students, recipe = _transfer_set(trials, seeds, [0, 1, 2, 3, 4, 5, 6, 9])
    if not trials.complete:
        return WAITING
    shifts, before, after = _bias_chosen(trials, students, [7, 8])
    labels = trials.labels(recipe)
    missed = {name: [own.argmax(-1) != labels for own in many] for name, many in (("before", before), ("after", after))}
    figures = {name: percent(marks) for name, marks in missed.items()}
    right = percent([~own for own in missed["after"]])
    return Trial(figures | {"right": right, "shift": Measured(shifts)}, *_length(recipe))


def _bias_chosen(
    trials: Trials, networks: Sequence[Trained], classes: Sequence[int]
) -> tuple[list[float], list[Any], list[Any]]:
    """Return by network the amount that its validation images choose, and its test logits before and after."""
    before = [trials.logits(network) for network in networks]
    shifts = [
        best_shift(trials.logits(network, "validation"), trials.labels(network.recipe, "validation"), classes)
        for network in networks
    ]
    return shifts, before, [shifted(logits, classes, amount) for logits, amount in zip(before, shifts, strict=True)]


def _length(recipe: Recipe) -> tuple[dict[str, Any], dict[str, int]]:
    assert recipe.teacher is not None
    epochs = {"teacher": recipe.teacher.optim.epochs, "student": recipe.optim.epochs}
    return {"epochs": epochs["student"], "teacher_epochs": epochs["teacher"]}, epochs


def mueller(trials: Trials, seeds: int) -> Trial:
    """Compare a plain and a smoothed teacher, and their students at the temperature that validation chooses."""
    figures, temperatures, lengths = {}, {}, {}
    for name, smoothing in (("plain", 0.0), ("smoothed", 0.1)):
        teachers, teacher = _best_teacher(trials, seeds, smoothing)
        base = _paper(LENGTHS[0], LENGTHS[0]).model_copy(update={"teacher": teacher})
        recipes = {f"{value}": base.changed({"method.temperature": value}) for value in TEMPERATURES}
        found = trials.trained(f"students, {name}", recipes, seeds, by_seed=True)
        temperatures[name] = chosen(trials, found)
        lengths[f"teacher_{name}"] = teacher.optim.epochs
        if trials.complete:
            figures[f"teacher_{name}"] = percent([~trials.right(own) for own in sure(teachers)])
            figures[f"distilled_{name}"] = percent([~trials.right(own) for own in sure(found[temperatures[name]])])
    if not trials.complete:
        return WAITING
    numbers = {"tried": ", ".join(f"{value}" for value in TEMPERATURES), **temperatures}
    return Trial(figures, numbers, {**lengths, "student": LENGTHS[0]})


LONG: dict[str, TrialFunction] = {
    "hinton": hinton,
    "missing-3": missing_3,
    "only-7-8": only_7_8,
    "mueller": mueller,
}
