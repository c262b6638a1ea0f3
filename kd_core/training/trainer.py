"""The trainer of one network: forward, losses, backward and step, and all that a checkpoint keeps of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add

import torch
from torch import Tensor, nn

from kd_core.compute import PLAIN, StepPlan
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
from kd_core.training.evaluator import eval_splits
from kd_core.training.predict import predict_logits
from kd_core.training.progress import Progress

ComputeLosses = Callable[[Method, Outputs, Outputs | None, Tensor], dict[str, Tensor]]
"""From the method in use, student, teacher and labels to weighted loss terms; by default the method's own."""
TransformTeacher = Callable[[Method, Outputs], Outputs]
"""From the method in use and a teacher's outputs to what the student is taught by."""


def scheduled_values(recipe: Recipe, epoch: int, val_accuracy: Sequence[float] = ()) -> dict[str, float]:
    """Return what applies in ``epoch`` (0-based): the learning rate ``lr`` and the method's movable settings.

    Args:
        recipe: whose.
        epoch: 0-based.
        val_accuracy: validation accuracy after every epoch so far.
    """
    recipe = recipe.in_epoch(epoch)
    optim = recipe.optim
    decay = (1 + math.cos(math.pi * epoch / optim.epochs)) / 2 if optim.lr_schedule == "cosine" else 1.0
    values = {"lr": optim.lr * decay}
    for name in sorted(lane_fields(type(recipe.method))):
        start = getattr(recipe.method, name)
        if start is not None:
            schedule = recipe.schedules.get(name)
            values[name] = start if schedule is None else schedule.value(start, epoch, optim.epochs, val_accuracy)
    return values


class Trainer:
    """One network, its auxiliary module, the optimizer, and the best epoch so far.

    Args:
        recipe: which network, how optimised, from which seed.
        splits: on the device on which to train.
        teacher: for a method whose auxiliary module must know what the teacher's features look like.
        plan: how to take a step.
        transform_teacher: what of the teacher's outputs the student is taught by; all as they are by default.
        compute_losses: the loss terms of a step; the method's by default.
    """

    def __init__(
        self,
        recipe: Recipe,
        splits: Splits,
        teacher: Network | None = None,
        plan: StepPlan = PLAIN,
        transform_teacher: TransformTeacher | None = None,
        compute_losses: ComputeLosses | None = None,
    ) -> None:
        recipe = recipe.with_resolved_lr()
        self.recipe, self.splits, self.plan, self.transform_teacher = recipe, splits, plan, transform_teacher
        self.compute_losses = compute_losses or _terms
        train = splits.train
        self.device = train.images.device
        with seeded(recipe.seed, "initialisation"):
            self.network = plan.laid_out(recipe.build(train.shape, len(train.classes)).to(self.device))
            self.initialised_from_teacher = (
                [] if teacher is None else copy_matching_weights(teacher, self.network, recipe.start)
            )
            self.auxiliary = self._build_auxiliary(teacher, train)
        self.trained = [*self.network.parameters(), *(self.auxiliary.parameters() if self.auxiliary else [])]
        self.optimizer = build_optimizer(self.trained, recipe.optim)
        self.method = recipe.in_epoch(0).method
        self.progress = Progress(recipe.optim.patience)
        self.best_weights: dict[str, Tensor] = {}
        self._schedule_values: dict[str, float] = {}
        self._gradient_shares: dict[str, Tensor] = {}
        self._measure_gradients = False

    def _build_auxiliary(self, teacher: Network | None, train: Split) -> Auxiliary | None:
        auxiliary = build_auxiliary(
            self.recipe.in_epoch(0).method, self.network, teacher, train.normalised(slice(0, 2))
        )
        return auxiliary and auxiliary.to(self.device)

    def on_epoch_start(self, epoch: int) -> None:
        """Go into training mode with this epoch's learning rate, scheduled settings and dropout masks."""
        recipe = self.recipe.in_epoch(epoch)
        self._schedule_values = scheduled_values(recipe, epoch, self.progress.val_accuracy[0])
        self._gradient_shares, self._measure_gradients = {}, is_gradient_epoch(epoch, recipe.optim.epochs)
        self.method = recipe.method.with_tensors(**{name: self._schedule_values[name] for name in recipe.schedules})
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self._schedule_values["lr"]
        seed_dropout(self.network, make_generator(recipe.seed, "dropout", epoch, device=self.device))

    def training_step(self, images: Tensor, labels: Tensor, teacher: Outputs | None) -> dict[str, Tensor]:
        """Take one step on a batch (B, C, H, W); return each weighted loss term, a scalar."""
        losses = self.compute_losses(self.method, *self.forward(images, teacher), labels)
        self.backward_and_step(losses)
        return losses

    def forward(self, images: Tensor, teacher: Outputs | None) -> tuple[Outputs, Outputs | None]:
        """Return the student's outputs on ``images`` (B, C, H, W) and the teacher's, after the auxiliary module."""
        with self.plan.forward(self.device):
            student = self.network(self.plan.images(images))
        if self.transform_teacher is not None and teacher is not None:
            teacher = self.transform_teacher(self.method, teacher)
        return (student, teacher) if self.auxiliary is None else self.auxiliary(student, teacher)

    def backward_and_step(self, losses: Mapping[str, Tensor]) -> None:
        """Move every trained number a little, so that the sum of the losses falls."""
        if self._measure_gradients:
            self._gradient_shares = gradient_shares(losses, list(self.network.parameters()))
            self._measure_gradients = False
        for parameter in self.trained:  # what zero_grad does, at a tenth of its cost
            parameter.grad = None
        reduce(add, losses.values()).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    def predict(self, split: str) -> Tensor:
        """Return the logits (1, N, K) about "validation" or "test", on the CPU."""
        return predict_logits(self.network, eval_splits(self.splits)[split]).cpu()[None]

    def on_epoch_end(self, epoch: int, scores: Sequence[Scores]) -> None:
        """Count the epoch, and with early stopping keep the weights if validation never was better."""
        if self.progress.end_epoch(epoch, scores) and self.recipe.optim.patience is not None:
            self.best_weights = to_cpu(self.network.state_dict())

    def schedule_values(self, lane: int = 0) -> dict[str, float]:
        """Return what applies in this epoch: the learning rate and the method's movable settings."""
        return self._schedule_values

    def gradient_shares(self, lane: int = 0) -> dict[str, float]:
        """Return each term's share of the gradient at the beginning of this epoch, where that was measured."""
        return {name: float(share[lane]) for name, share in self._gradient_shares.items()}

    def selected_weights(self, lane: int = 0) -> tuple[dict[str, Tensor], int]:
        """Return the weights to report and their epoch: the best with early stopping, else the last."""
        if self.best_weights:
            return to_cpu(self.best_weights), self.progress.early_stopping.best_epoch[0]
        return to_cpu(self.network.state_dict()), self.progress.epoch - 1

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that is needed to go on from the end of this epoch, by name, on the CPU."""
        # These names stand in checkpoints of version 0.3, so they stay: "bridge" is the auxiliary module.
        tensors = {
            **self.progress.state_dict(),
            **with_prefix("network", self.network.state_dict()),
            **with_prefix("best", self.best_weights),
            **with_prefix("bridge", self.auxiliary.state_dict() if self.auxiliary else {}),
        }
        return to_cpu(tensors | optimizer_state(self.optimizer))

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from ``state_dict``."""
        self.progress.load_state_dict(tensors)
        self.network.load_state_dict(under_prefix("network", tensors))
        self.best_weights = under_prefix("best", tensors)
        if self.auxiliary:
            self.auxiliary.load_state_dict(under_prefix("bridge", tensors))
        load_optimizer_state(self.optimizer, tensors)


def _terms(method: Method, student: Outputs, teacher: Outputs | None, labels: Tensor) -> dict[str, Tensor]:
    return method.terms(student, teacher, labels)


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
    source, normalise = teacher.state_dict(), nn.modules.batchnorm._BatchNorm
    batch_norms = {name for name, layer in student.named_modules() if isinstance(layer, normalise)}
    copied = []
    for name, tensor in student.state_dict().items():
        kept = start == "teacher_but_batch_norm" and name.rpartition(".")[0] in batch_norms
        if not kept and name in source and source[name].shape == tensor.shape:
            tensor.copy_(source[name])
            copied.append(name)
    return copied


@torch.no_grad()
def build_auxiliary(method: Method, student: Network, teacher: Network | None, images: Tensor) -> Auxiliary | None:
    """Return a method's fresh auxiliary module between two networks that have looked at a few images (N, C, H, W).

    Both are left in evaluation mode: in training mode one look would already move their batch statistics.
    """
    student.eval()
    return method.auxiliary(student(images), None if teacher is None else teacher.eval()(images))


def build_optimizer(parameters: list[nn.Parameter], optim: Optim) -> torch.optim.Optimizer:
    """Return the optimizer that ``optim`` describes."""
    if optim.algorithm == "sgd":
        return torch.optim.SGD(
            parameters, lr=optim.lr, momentum=optim.momentum, weight_decay=optim.weight_decay, fused=True
        )
    kind = torch.optim.Adam if optim.algorithm == "adam" else torch.optim.AdamW
    return kind(parameters, lr=optim.lr, weight_decay=optim.weight_decay, fused=True)
