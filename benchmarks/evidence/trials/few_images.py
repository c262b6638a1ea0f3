"""Trials about what a student may see: few labels, wrong ones, true probabilities, and the same view as its teacher."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from benchmarks.evidence.rule import Measured
from benchmarks.evidence.trial_store import Trained, Trials
from benchmarks.evidence.trials.base import (
    MNIST,
    WAITING,
    Trial,
    TrialFunction,
    accuracy,
    minus,
    small_pair,
    sure,
)
from kd_core import Recipe
from kd_core.events import EpochEnd
from kd_core.functional import kl_divergence, make_generator, soften
from kd_core.training import cache_teacher_outputs, fit


def few_labels(trials: Trials, seeds: int) -> Trial:
    """Train one network on all labels, on 3 % of them, and on the soft labels of those 3 %."""
    network = {"name": "mlp", "widths": [400, 400]}
    optim = {"lr": 0.001, "batch": 128, "epochs": 40, "patience": 8}
    few = {"source": MNIST, "labelled": 1620}
    recipe = Recipe.from_json(
        {
            "data": few,
            "student": network,
            "method": {"name": "soft_targets", "temperature": 2, "teacher_weight": 1.0},
            "optim": optim,
            "teacher": {"data": {"source": MNIST}, "student": network, "optim": {**optim, "epochs": 15}},
        }
    )
    arms = {"all": recipe.teacher, "hard": recipe.baseline(), "soft": recipe}
    found = trials.trained("3 %", {arm: own for arm, own in arms.items() if own is not None}, seeds)
    if not trials.complete:
        return WAITING
    figures = {arm: accuracy(trials, networks) for arm, networks in found.items()}
    triples = zip(*(figures[arm].values for arm in ("all", "hard", "soft")), strict=True)
    closed = {"closed": Measured([100 * (soft - hard) / (whole - hard) for whole, hard, soft in triples])}
    return Trial(figures | closed, {"labels": "1,620"}, {"all": 15, "few": 40})


def label_noise(trials: Trials, seeds: int) -> Trial:
    """Give the student 40 % wrong labels, with a teacher that saw true ones, and with one that saw the wrong ones."""
    share = 0.4
    clean = small_pair(data__label_noise=share)
    noisy = clean.changed({"teacher.data.labelled": 5000, "teacher.data.label_noise": share})
    noisy = noisy.changed({"teacher.optim.epochs": 40, "teacher.data.augmentation": "none"})
    arms = {"alone": clean.baseline(), "clean_teacher": clean, "noisy_teacher": noisy}
    found = trials.trained("noise", arms, seeds)
    if not trials.complete:
        return WAITING
    figures = {arm: accuracy(trials, networks) for arm, networks in found.items()}
    epochs = {"teacher": 12, "student": clean.optim.epochs}
    return Trial(figures, {"labels": "5,000", "share": f"{100 * share:g}", "epochs": clean.optim.epochs}, epochs)


def patience(trials: Trials, seeds: int) -> Trial:
    """Compare a long schedule with a short one, and one view for both networks with a teacher that saw another."""
    short, long = 12, 120
    shown = small_pair(epochs=long, data__augmentation="shift", method__teacher_weight=1.0, optim__lr_schedule="cosine")
    arms = {"short": shown.changed({"optim.epochs": short}), "long": shown, "alone": shown.baseline()}
    found = trials.trained("views", {"teacher": _teacher(shown), **arms}, seeds)
    teachers = sure(found["teacher"])
    make = lambda seed: _with_fixed_answers(trials, shown.seeded(seed), teachers[seed])  # noqa: E731
    fixed = trials.computed("fixed-answers", seeds, make)
    if not trials.complete:
        return WAITING
    figures = {arm: accuracy(trials, found[arm]) for arm in arms}
    figures["fixed"] = Measured([of_seed["accuracy"] for of_seed in fixed])
    return Trial(figures, {"short": short, "long": long, "labels": "5,000"}, {"teacher": 12, "student": long})


def _teacher(recipe: Recipe) -> Recipe:
    assert recipe.teacher is not None
    return recipe.teacher


def _with_fixed_answers(trials: Trials, recipe: Recipe, teacher: Trained) -> dict[str, float]:
    """Train on shifted images with what the teacher said of the images as they are; return test accuracy in %."""
    splits = trials.context.splits(recipe)
    network = trials.context.trained_network(teacher.recipe, teacher.run)
    answers = cache_teacher_outputs(recipe.changed({"data.augmentation": "none"}), splits.train, network)
    last = None
    for event in fit(recipe, splits, network, teacher_outputs=answers):
        last = event if isinstance(event, EpochEnd) else last
    trials.context.forget_splits()
    assert last is not None
    return {"accuracy": 100 * float((last.logits["test"][0].argmax(-1) == splits.test.labels.cpu()).double().mean())}


DIMENSIONS, CLASSES, SPREAD = 20, 10, 1.2
SEEN, TAUGHT_BY, TESTED = 200, (300, 3000, 30000), 20000
WIDTH, STEPS = 64, 400


def true_probabilities(trials: Trials, seeds: int) -> Trial:
    """On data whose true class probabilities are known, teach with labels, with those, and with teachers' estimates."""
    by_seed = trials.computed("true-probabilities", seeds, _known_distribution)
    if not trials.complete:
        return WAITING
    figures = {name: Measured([of_seed[name] for of_seed in by_seed]) for name in by_seed[0]}
    gain = {"gain": minus(figures["bayes"], figures["labels"])}
    numbers = {"images": SEEN, "teachers": ", ".join(f"{count:,}" for count in TAUGHT_BY), "width": WIDTH}
    return Trial(figures | gain, numbers, {"student": STEPS})


def _known_distribution(seed: int) -> dict[str, float]:
    """Return test accuracies in % by what taught, the teachers' squared distances, and how the two go together."""
    draws = make_generator(seed, "true probabilities")
    means = SPREAD * torch.randn(CLASSES, DIMENSIONS, generator=draws) / DIMENSIONS**0.5 * 2

    def drawn(count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return points (count, D), labels (count,) and the true log probabilities (count, K)."""
        labels = torch.randint(0, CLASSES, (count,), generator=draws)
        points = means[labels] + torch.randn(count, DIMENSIONS, generator=draws)
        return points, labels, (-torch.cdist(points, means).square() / 2).log_softmax(-1)

    (points, labels, true), (unseen, answers, truth) = drawn(SEEN), drawn(TESTED)
    one_hot = nn.functional.one_hot(labels, CLASSES).float().clamp(min=1e-9).log()
    targets, distances = {"labels": one_hot, "bayes": true}, {"bayes": 0.0}
    for name, count in zip(("far", "middle", "near"), TAUGHT_BY, strict=True):
        own, own_labels, _ = drawn(count)
        teacher = _fitted(own, nn.functional.one_hot(own_labels, CLASSES).float().clamp(min=1e-9).log(), seed)
        with torch.no_grad():
            targets[name] = teacher(points).log_softmax(-1)
            distances[name] = float((soften(teacher(unseen)) - truth.exp()).square().sum(-1).mean())
    right = {}
    for name, target in targets.items():
        with torch.no_grad():
            right[name] = 100 * float((_fitted(points, target, seed)(unseen).argmax(-1) == answers).double().mean())
    order = sorted(distances, key=distances.__getitem__)  # from the truth away
    agreeing = [1.0 if right[nearer] > right[farther] else 0.0 for nearer, farther in pairwise(order)]
    shares = {"in_order": 100 * sum(agreeing) / len(agreeing)}
    return {**right, **{f"distance_{name}": value for name, value in distances.items() if name != "bayes"}, **shares}


def _fitted(points: Tensor, target: Tensor, seed: int) -> nn.Module:
    """Return a network of one hidden layer that follows log probabilities (N, K) of points (N, D)."""
    with torch.random.fork_rng(), torch.enable_grad():
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Linear(DIMENSIONS, WIDTH), nn.ReLU(), nn.Linear(WIDTH, CLASSES))
        optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
        for _ in range(STEPS):
            optimizer.zero_grad()
            kl_divergence(target, network(points)).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return network


DISTORTED: dict[str, TrialFunction] = {
    "few-labels": few_labels,
    "label-noise": label_noise,
    "true-probabilities": true_probabilities,
    "patience": patience,
}
