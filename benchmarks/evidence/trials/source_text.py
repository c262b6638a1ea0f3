"""The source texts' own sentences, each on one small pair of MNIST whose student has few labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.func import functional_call, grad, vmap

from benchmarks.evidence.rule import Measured
from benchmarks.evidence.trial_store import Trained, Trials
from benchmarks.evidence.trials.base import (
    WAITING,
    Trial,
    TrialFunction,
    accuracy,
    chosen,
    mean_of,
    minus,
    small_pair,
    sure,
)
from kd_core import Recipe
from kd_core.functional import kl_per_sample

TEMPERATURES = (1, 2, 3, 4, 5, 8, 12, 20)
HARD_WEIGHTS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
LABELS = (500, 1000, 1500, 2000, 3000, 5000)
COOLING: Mapping[str, Mapping[str, Any]] = {
    "exponential": {"name": "exponential", "factor": 0.95, "floor": 1},
    "linear": {"name": "linear", "end": 1},
    "cosine": {"name": "cosine", "end": 1},
}
WARM = (5, 8, 20)
CASES = 1000
"""Images over which the gradient's variance is taken."""


def _numbers(recipe: Recipe) -> dict[str, Any]:
    return {"labels": f"{recipe.data.labelled:,}", "epochs": recipe.optim.epochs}


def _epochs(recipe: Recipe) -> dict[str, int]:
    teacher = {} if recipe.teacher is None else {"teacher": recipe.teacher.optim.epochs}
    return {**teacher, "student": recipe.optim.epochs}


def _by_temperature(trials: Trials, seeds: int) -> dict[str, list[Trained | None]]:
    base = small_pair()
    recipes = {f"{value}": base.changed({"method.temperature": value}) for value in TEMPERATURES}
    return trials.trained("temperatures", recipes, seeds)


def temperature(trials: Trials, seeds: int) -> Trial:
    found = _by_temperature(trials, seeds)
    if not trials.complete:
        return WAITING
    by_temperature = {value: accuracy(trials, networks) for value, networks in found.items()}
    groups = {"low": ("1", "2"), "middle": ("3", "4", "5"), "high": ("8", "12", "20")}
    figures = {group: mean_of(*(by_temperature[value] for value in values)) for group, values in groups.items()}
    single = {f"t{value}": of_value for value, of_value in by_temperature.items()}
    return Trial(figures | single, _numbers(small_pair()), _epochs(small_pair()))


def dynamic_temperature(trials: Trials, seeds: int) -> Trial:
    """Choose the best constant and the best moving temperature on validation, then set them side by side."""
    fixed, base = _by_temperature(trials, seeds), small_pair()
    recipes = {
        f"{name} from {start}": base.changed({"method.temperature": start, "schedules.temperature": dict(schedule)})
        for name, schedule in COOLING.items()
        for start in WARM
    }
    moving = trials.trained("moving temperatures", recipes, seeds)
    if not trials.complete:
        return WAITING
    best_fixed, best_moving = chosen(trials, fixed), chosen(trials, moving)
    figures = {"fixed": accuracy(trials, fixed[best_fixed]), "moving": accuracy(trials, moving[best_moving])}
    gain = {"gain": minus(figures["moving"], figures["fixed"])}
    numbers = {"constants": len(fixed), "moving": len(moving), "fixed_at": best_fixed, "moving_by": best_moving}
    return Trial(figures | gain, {**_numbers(base), **numbers}, _epochs(base))


def hard_weight(trials: Trials, seeds: int) -> Trial:
    base = small_pair()
    recipes = {f"{hard:g}": base.changed({"method.teacher_weight": round(1 - hard, 1)}) for hard in HARD_WEIGHTS}
    found = trials.trained("weights", recipes | {"1": base.baseline()}, seeds)
    if not trials.complete:
        return WAITING
    by_weight = {hard: accuracy(trials, networks) for hard, networks in found.items()}
    names = {"none": "0", "small": "0.1", "half": "0.5", "large": "0.9", "alone": "1"}
    return Trial({name: by_weight[hard] for name, hard in names.items()}, _numbers(base), _epochs(base))


def overfitting(trials: Trials, seeds: int) -> Trial:
    """Train far too long, and see how much worse than at its best the last epoch is."""
    base = small_pair(labels=1000, epochs=200)
    found = trials.trained("long", {"alone": base.baseline(), "distilled": base}, seeds)
    if not trials.complete:
        return WAITING
    figures = {}
    for arm, networks in found.items():
        curves = [_scores(trials, network) for network in sure(networks)]
        figures[f"nll_{arm}"] = Measured([nll[-1] - min(nll) for _, nll in curves])
        figures[f"lost_{arm}"] = Measured([100 * (max(right) - right[-1]) for right, _ in curves])
    return Trial(figures, _numbers(base), _epochs(base))


def learning_rate(trials: Trials, seeds: int) -> Trial:
    """Find for each the highest rate whose validation accuracy is within a point of its own best."""
    base = small_pair()
    arms = {"alone": base.baseline(), "distilled": base}
    found = {
        arm: trials.trained(f"rates, {arm}", {f"{rate}": recipe.changed({"optim.lr": rate}) for rate in RATES}, seeds)
        for arm, recipe in arms.items()
    }
    if not trials.complete:
        return WAITING
    figures = {}
    for arm, networks_by_rate in found.items():
        by_rate = {float(rate): _validation(trials, networks) for rate, networks in networks_by_rate.items()}
        by_seed = [dict(zip(by_rate, values, strict=True)) for values in zip(*by_rate.values(), strict=True)]
        limits = [max(rate for rate, right in own.items() if right >= max(own.values()) - 1) for own in by_seed]
        figures[arm] = Measured(limits)
    return Trial(figures, {**_numbers(base), "rates": ", ".join(f"{rate:g}" for rate in RATES)}, _epochs(base))


def fewer_samples(trials: Trials, seeds: int) -> Trial:
    """Ask how many labels the student alone needs to be as accurate as the distilled one with 1,000."""
    epochs, had = 100, 1000
    found = {}
    for labels in LABELS:
        recipe = small_pair(labels=labels, epochs=epochs)
        arms = {"alone": recipe.baseline()} | ({"distilled": recipe} if labels == had else {})
        found[labels] = trials.trained(f"{labels} labels", arms, seeds)
    if not trials.complete:
        return WAITING
    alone = {labels: accuracy(trials, of_labels["alone"]).values for labels, of_labels in found.items()}
    distilled = accuracy(trials, found[had]["distilled"])
    needed = [_needed([alone[labels][seed] for labels in LABELS], right) for seed, right in enumerate(distilled.values)]
    figures = {"needed": Measured(needed), "distilled": distilled, "alone": Measured(alone[had])}
    numbers = {"labels": ", ".join(f"{labels:,}" for labels in LABELS), "epochs": epochs}
    return Trial(figures, numbers, _epochs(small_pair(epochs=epochs)))


def convergence(trials: Trials, seeds: int) -> Trial:
    """Count the epochs until validation is within a point of the best that the student alone reaches."""
    base = small_pair()
    found = trials.trained("pair", {"alone": base.baseline(), "distilled": base}, seeds)
    if not trials.complete:
        return WAITING
    pairs = zip(*(sure(found[arm]) for arm in ("alone", "distilled")), strict=True)
    curves = [[_scores(trials, network)[0] for network in pair] for pair in pairs]
    firsts = [[_first(curve, max(pair[0]) - 0.01) for curve in pair] for pair in curves]
    figures = {arm: Measured([first[place] for first in firsts]) for place, arm in enumerate(("alone", "distilled"))}
    return Trial(figures, _numbers(base), _epochs(base))


def gradient_variance(trials: Trials, seeds: int) -> Trial:
    """Compare how much the gradient differs from image to image, for labels and for soft targets, at equal weights."""
    base = small_pair()
    found = trials.trained("pair", {"teacher": base.teacher, "alone": base.baseline()}, seeds)
    teachers, students = sure(found["teacher"]), sure(found["alone"])
    make = lambda seed: _gradient_noise(trials, teachers[seed], students[seed])  # noqa: E731
    by_seed = trials.computed("gradient-variance", seeds, make)
    if not trials.complete:
        return WAITING
    figures = {name: Measured([of_seed[name] for of_seed in by_seed]) for name in by_seed[0]}
    return Trial(figures, {**_numbers(base), "cases": f"{CASES:,}"}, _epochs(base))


def _gradient_noise(trials: Trials, teacher: Trained, student: Trained) -> dict[str, float]:
    """Return by loss, and by fresh or trained weights, the variance between images over the mean's squared length."""
    train = trials.context.splits(student.recipe).train.subset(torch.arange(CASES))
    images, labels = train.normalised(), train.labels
    with torch.no_grad():
        soft = trials.context.trained_network(teacher.recipe, teacher.run)(images).logits
    noise = {}
    for weights in ("fresh", "trained"):
        network = (
            trials.context.fresh_network(student.recipe).eval()
            if weights == "fresh"
            else trials.context.trained_network(student.recipe, student.run)
        )
        parameters = {name: values.detach() for name, values in network.named_parameters()}

        def hard_loss(values: Any, image: Any, label: Any, _: Any, own: Any = network) -> Any:
            logits = functional_call(own, values, (image[None],)).logits
            return torch.nn.functional.cross_entropy(logits, label[None])

        def soft_loss(values: Any, image: Any, _: Any, says: Any, own: Any = network) -> Any:
            logits = functional_call(own, values, (image[None],)).logits
            return 16 * kl_per_sample(says[None], logits, 4.0).mean()

        for name, loss in (("hard", hard_loss), ("soft", soft_loss)):
            by_image = vmap(grad(loss), in_dims=(None, 0, 0, 0))(parameters, images, labels, soft)
            flat = torch.cat([values.flatten(1) for values in by_image.values()], dim=1)
            mean = flat.mean(0)
            noise[f"{name}_{weights}"] = float((flat - mean).square().sum(1).mean() / mean.square().sum())
    trials.context.forget_splits()
    return noise


def _scores(trials: Trials, network: Trained) -> tuple[list[float], list[float]]:
    """Return a run's accuracy and NLL on validation after every epoch."""
    scores = [epoch.scores["validation"] for epoch in trials.curve(network)]
    return [score["accuracy"] or 0.0 for score in scores], [score["nll"] or 0.0 for score in scores]


def _validation(trials: Trials, networks: Sequence[Trained | None]) -> list[float]:
    """Return the validation accuracy by seed, in %; 0 where training diverged."""
    return [0.0 if own is None else 100 * float(trials.right(own, "validation").mean()) for own in networks]


def _first(curve: Sequence[float], limit: float) -> float:
    """Return after how many epochs a curve reaches a limit; one more than it has where it never does."""
    return float(next((epoch for epoch, value in enumerate(curve, 1) if value >= limit), len(curve) + 1))


def _needed(by_labels: Sequence[float], right: float) -> float:
    """Return between which numbers of labels an accuracy lies, on a logarithmic axis; the ends where it is beyond."""
    rising = np.maximum.accumulate(by_labels)
    return float(np.exp(np.interp(right, rising, np.log(LABELS))))


SENTENCES: dict[str, TrialFunction] = {
    "temperature": temperature,
    "dynamic-temperature": dynamic_temperature,
    "hard-weight": hard_weight,
    "convergence": convergence,
    "gradient-variance": gradient_variance,
    "fewer-samples": fewer_samples,
    "learning-rate": learning_rate,
    "overfitting": overfitting,
}
