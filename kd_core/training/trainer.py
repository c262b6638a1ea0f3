"""Learner: what changes while training, and how it is kept and brought back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add

import torch
from torch import Tensor, nn

from kd_core.compute import PLAIN, Speed
from kd_core.datasets import Split, Splits
from kd_core.functional import (
    Scores,
    gradient_shares,
    is_gradient_epoch,
    load_optimizer_state,
    make_generator,
    optimizer_state,
    seeded,
    to_cpu,
    under_prefix,
    with_prefix,
)
from kd_core.methods import Method
from kd_core.networks import Auxiliary, Network, seed_dropout
from kd_core.outputs import Outputs
from kd_core.recipe import Optim, Recipe
from kd_core.settings import lane_fields
from kd_core.training.predict import predict_logits


def scheduled_values(recipe: Recipe, epoch: int, marks: Sequence[float] = ()) -> dict[str, float]:
    """Return what applies in ``epoch`` (0-based): the learning rate ``lr`` and the method's movable settings.

    Args:
        recipe: whose.
        epoch: 0-based.
        marks: validation accuracy after every epoch so far.
    """
    optim = recipe.optim
    fall = (1 + math.cos(math.pi * epoch / optim.epochs)) / 2 if optim.lr_schedule == "cosine" else 1.0
    applied = {"lr": optim.lr * fall}
    for name in sorted(lane_fields(type(recipe.method))):
        start = getattr(recipe.method, name)
        if start is not None:
            schedule = recipe.schedules.get(name)
            applied[name] = start if schedule is None else schedule.value(start, epoch, optim.epochs, marks)
    return applied


class Trainer:
    """One network, its bridge, the optimiser, and the best epoch so far.

    Args:
        recipe: which network, how optimised, from which seed.
        splits: on the device on which to train.
        teacher: for a method whose bridge must know what the teacher's features look like.
        speed: how to take a step.
        hears: from the method in use and the teacher's answer to what the student is to hear; all by default.
    """

    def __init__(
        self,
        recipe: Recipe,
        splits: Splits,
        teacher: Network | None,
        speed: Speed = PLAIN,
        hears: Callable[[Method, Outputs], Outputs] | None = None,
    ) -> None:
        recipe = recipe.with_resolved_lr()
        self.recipe, self.splits, self.speed, self.hears = recipe, splits, speed, hears
        train = splits.train
        self.seed, self.patience = recipe.seed, recipe.optim.patience
        self.device = train.images.device
        with seeded(recipe.seed, "initialisation"):
            self.network = speed.laid_out(recipe.build(train.shape, len(train.classes)).to(self.device))
            self.copied = [] if teacher is None else copy_matching_weights(teacher, self.network, recipe.start)
            self.auxiliary = self._bridge(recipe, train, teacher)
        self.learned = [*self.network.parameters(), *(self.auxiliary.parameters() if self.auxiliary else [])]
        self.optimiser = build_optimizer(self.learned, recipe.optim)
        self.method = recipe.method
        self.values: dict[str, float] = {}
        self.pulls: dict[str, Tensor] = {}
        self.is_gradient_epoch = False
        self.going, self.broken = [True], [False]
        self.epoch = 0
        self.marks: list[float] = []
        self.best_epoch = -1
        self.best_marks = (-1.0, 0.0)
        self.best: dict[str, Tensor] = {}

    def _bridge(self, recipe: Recipe, train: Split, teacher: Network | None) -> Auxiliary | None:
        auxiliary = build_auxiliary(recipe.method, self.network, teacher, train.normalised(slice(0, 2)))
        return auxiliary and auxiliary.to(self.device)

    def begin_epoch(self, epoch: int) -> None:
        """Go into training mode with this epoch's learning rate, scheduled settings and dropout masks."""
        self.values = scheduled_values(self.recipe, epoch, self.marks)
        self.pulls, self.is_gradient_epoch = {}, is_gradient_epoch(epoch, self.recipe.optim.epochs)
        self.method = self.recipe.method.with_tensors(**{name: self.values[name] for name in self.recipe.schedules})
        self.network.train()
        for group in self.optimiser.param_groups:
            group["lr"] = self.values["lr"]
        seed_dropout(self.network, make_generator(self.seed, "dropout", epoch, device=self.device))

    def learn(self, images: Tensor, labels: Tensor, answer: Outputs | None) -> dict[str, Tensor]:
        """Take one step on a batch (B, C, H, W); return each weighted loss term, a scalar."""
        terms = self.method.terms(*self.answers(images, answer), labels)
        self.step(terms)
        return terms

    def applied(self, lane: int = 0) -> dict[str, float]:
        """Return what applies in this epoch."""
        return self.values

    def shares(self, lane: int = 0) -> dict[str, float]:
        """Return how much each term pulled at the beginning of this epoch, where that was measured."""
        return {name: float(share[lane]) for name, share in self.pulls.items()}

    def says(self, part: str) -> Tensor:
        """Return the logits (1, N, K) about "validation" or "test", on the CPU."""
        return predict_logits(self.network, getattr(self.splits, part)).cpu()[None]

    def answers(self, images: Tensor, teacher: Outputs | None) -> tuple[Outputs, Outputs | None]:
        """Return what the student says of ``images`` (B, C, H, W), beside the teacher, both after the bridge."""
        with self.speed.forward(self.device):
            student = self.network(self.speed.images(images))
        if self.hears is not None and teacher is not None:
            teacher = self.hears(self.method, teacher)
        return (student, teacher) if self.auxiliary is None else self.auxiliary(student, teacher)

    def step(self, terms: Mapping[str, Tensor]) -> None:
        """Move every learned number a little, so that the sum of the terms falls."""
        if self.is_gradient_epoch:
            self.pulls, self.is_gradient_epoch = gradient_shares(terms, list(self.network.parameters())), False
        for one in self.learned:  # what zero_grad does, at a tenth of its cost
            one.grad = None
        reduce(add, terms.values()).backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()

    def end_epoch(self, epoch: int, marks: Sequence[Scores]) -> None:
        """Count the epoch, and keep the weights if validation never was better (ties: lower NLL)."""
        self.epoch, rank = epoch + 1, (marks[0].accuracy, -marks[0].nll)
        self.marks.append(marks[0].accuracy)
        if self.patience is not None and rank > self.best_marks:
            self.best_epoch, self.best_marks = epoch, rank
            self.best = to_cpu(self.network.state_dict())
        self._heed_patience()

    def _heed_patience(self) -> None:
        if self.patience is not None and self.epoch - 1 - self.best_epoch >= self.patience:
            self.going = [False]

    def reported(self, lane: int = 0) -> tuple[dict[str, Tensor], int]:
        """Return the weights to report and their epoch: the best with early stopping, else the last."""
        if self.patience is not None and self.best:
            return to_cpu(self.best), self.best_epoch
        return to_cpu(self.network.state_dict()), self.epoch - 1

    def snapshot(self) -> dict[str, Tensor]:
        """Return all that is needed to go on from the end of this epoch, by name, on the CPU."""
        flat = {
            "progress": torch.tensor([self.epoch, self.best_epoch, *self.best_marks], dtype=torch.float64),
            "marks": torch.tensor(self.marks, dtype=torch.float64),
            **with_prefix("network", self.network.state_dict()),
            **with_prefix("best", self.best),
            **with_prefix("bridge", self.auxiliary.state_dict() if self.auxiliary else {}),
        }
        return to_cpu(flat | optimizer_state(self.optimiser))

    def restore(self, flat: Mapping[str, Tensor]) -> None:
        """Go on from a snapshot."""
        epoch, best_epoch, *marks = flat["progress"].tolist()
        self.epoch, self.best_epoch, self.best_marks = int(epoch), int(best_epoch), (marks[0], marks[1])
        self.marks = flat["marks"].tolist() if "marks" in flat else []
        self._heed_patience()
        self.network.load_state_dict(under_prefix("network", flat))
        self.best = under_prefix("best", flat)
        if self.auxiliary:
            self.auxiliary.load_state_dict(under_prefix("bridge", flat))
        load_optimizer_state(self.optimiser, flat)


@torch.no_grad()
def copy_matching_weights(teacher: Network, student: Network, start: str) -> list[str]:
    """Copy into the student what of the teacher's layers fits; return their names.

    Args:
        teacher: a trained network.
        student: a fresh one.
        start: "scratch" copies nothing, "teacher" every tensor of the same name and size, "teacher_but_batch_norm" all
            of those but the layers that normalise, so that the student keeps statistics of its own.
    """
    if start == "scratch":
        return []
    theirs, normalise = teacher.state_dict(), nn.modules.batchnorm._BatchNorm
    apart = {name for name, layer in student.named_modules() if isinstance(layer, normalise)}
    fits = []
    for name, own in student.state_dict().items():
        kept = start == "teacher_but_batch_norm" and name.rpartition(".")[0] in apart
        if not kept and name in theirs and theirs[name].shape == own.shape:
            own.copy_(theirs[name])
            fits.append(name)
    return fits


@torch.no_grad()
def build_auxiliary(method: Method, student: Network, teacher: Network | None, few: Tensor) -> Auxiliary | None:
    """Return a method's fresh bridge between two networks that have looked at a few images (N, C, H, W).

    Both are left in evaluation mode: in training mode one look would already move their batch statistics.
    """
    student.eval()
    return method.auxiliary(student(few), None if teacher is None else teacher.eval()(few))


def build_optimizer(parameters: list[nn.Parameter], optim: Optim) -> torch.optim.Optimizer:
    """Return the optimiser that ``optim`` describes."""
    if optim.algorithm == "sgd":
        return torch.optim.SGD(
            parameters, lr=optim.lr, momentum=optim.momentum, weight_decay=optim.weight_decay, fused=True
        )
    kind = torch.optim.Adam if optim.algorithm == "adam" else torch.optim.AdamW
    return kind(parameters, lr=optim.lr, weight_decay=optim.weight_decay, fused=True)
