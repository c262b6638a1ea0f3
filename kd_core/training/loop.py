"""The loop: every network, teacher or student, alone or as one of many lanes, is trained here."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from torch import Tensor
from torch.nn.functional import cross_entropy

from kd_core.compute import PLAIN, StepPlan
from kd_core.datasets import Splits
from kd_core.events import Diverged, EpochEnd, Event, Finished, LaneEpoch, Started, StepDone
from kd_core.functional import Scores, to_cpu
from kd_core.networks import Network
from kd_core.outputs import Outputs
from kd_core.recipe import Recipe
from kd_core.training.batches import DistillationLoader, Loader
from kd_core.training.diagnostics import diagnostics
from kd_core.training.evaluator import Evaluator, eval_splits
from kd_core.training.loss_meter import LossMeter
from kd_core.training.predict import predict_logits
from kd_core.training.teacher_outputs import cache_teacher_outputs
from kd_core.training.trainer import Trainer


class LaneProgress(Protocol):
    """What the loop must know of every lane: ``Progress``, or that of peers."""

    epoch: int
    active: list[bool]
    diverged: list[bool]


class Trainable(Protocol):
    """Who is trained by one loop: a single network, or many as lanes."""

    @property
    def progress(self) -> LaneProgress:
        """Return how far every lane is."""

    def on_epoch_start(self, epoch: int) -> None:
        """Go into training mode with what applies in this epoch."""

    def training_step(self, images: Tensor, labels: Tensor, teacher: Outputs | None) -> Mapping[str, Tensor]:
        """Take one step; return each weighted loss term, a scalar or one a lane."""

    def predict(self, split: str) -> Tensor:
        """Return every lane's logits (L, N, K) about "validation" or "test", on the CPU."""

    def on_epoch_end(self, epoch: int, scores: Sequence[Scores]) -> None:
        """Count the epoch; a lane whose patience has run out goes no further."""

    def schedule_values(self, lane: int) -> Mapping[str, float]:
        """Return what applies in this epoch."""

    def gradient_shares(self, lane: int) -> Mapping[str, float]:
        """Return each term's share of the gradient in this epoch, where that was measured."""

    def selected_weights(self, lane: int) -> tuple[dict[str, Tensor], int]:
        """Return the weights to report and their epoch."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that is needed to go on from the end of this epoch."""

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from ``state_dict``."""


def fit(
    recipe: Recipe,
    splits: Splits,
    teacher: Network | None = None,
    checkpoint: Mapping[str, Tensor] | None = None,
    plan: StepPlan = PLAIN,
    teacher_outputs: Outputs | None = None,
) -> Iterator[Event]:
    """Train the network of ``recipe``; close the generator to stop.

    Args:
        recipe: what to train; its data conditions have been applied to ``splits``.
        splits: on the device on which to train.
        teacher: the trained teacher, on the same device, where the method listens to one.
        checkpoint: what an earlier ``EpochEnd.state_dict()`` returned, to go on from there.
        plan: how to take a step.
        teacher_outputs: on all training images, where they were cached before; else they are now, where that will do.

    Yields:
        ``Started``, then ``StepDone`` about ten times a second and ``EpochEnd`` after every epoch, and at the end
        ``Finished`` or ``Diverged``.
    """
    trainer = Trainer(recipe, splits, teacher, plan)
    if checkpoint:
        trainer.load_state_dict(checkpoint)
    if teacher_outputs is None:
        teacher_outputs = cache_teacher_outputs(recipe, splits.train, teacher)
    loader = DistillationLoader(recipe, splits.train, teacher, teacher_outputs)
    for event in train(trainer, loader, Evaluator.of(splits), recipe.optim.epochs):
        if isinstance(event, EpochEnd):
            yield from diagnostics(trainer, splits, teacher, event.epoch)
        yield event


def fit_given(recipe: Recipe, splits: Splits, weights: Mapping[str, Tensor]) -> Iterator[Event]:
    """Take the network of ``recipe`` from given weights and evaluate it: a run of one epoch without a step.

    Args:
        recipe: whose network.
        splits: on the device on which to evaluate.
        weights: by name, all that the network has.

    Yields:
        ``Started``, one ``EpochEnd``, whose loss is the network's on the training images, and ``Finished``.
    """
    train = splits.train
    network = recipe.build(train.shape, len(train.classes)).to(train.images.device)
    network.load_state_dict(weights)
    logits = {name: predict_logits(network, split).cpu()[None] for name, split in eval_splits(splits).items()}
    scores = Evaluator.of(splits)(logits)
    loss = float(cross_entropy(predict_logits(network, train), train.labels, ignore_index=-1))
    of_split = {name: of_lanes[0] for name, of_lanes in scores.items()}
    yield Started(1, 0)
    yield EpochEnd(0, {0: LaneEpoch({"labels": loss}, {}, of_split, seconds=0.0)}, logits, lambda: {})
    yield Finished(to_cpu(network.state_dict()), 0)


def train(trainer: Trainable, loader: Loader, evaluate: Evaluator, epochs: int) -> Iterator[Event]:
    """Train every lane to its end; this is the one loop of the house."""
    progress = trainer.progress
    yield Started(epochs, loader.steps, progress.epoch, lanes=len(progress.active))
    yield from _finished_before(trainer, epochs)
    for epoch in range(progress.epoch, epochs):
        if not any(progress.active):
            return
        meter = LossMeter(first_step=epoch * loader.steps, lanes=len(progress.active))
        yield from train_one_epoch(trainer, loader, epoch, meter)
        lanes = [lane for lane, active in enumerate(progress.active) if active]
        if not lanes:
            return
        logits = {split: trainer.predict(split) for split in evaluate.labels}
        scores = evaluate(logits)
        trainer.on_epoch_end(epoch, scores["validation"])
        yield EpochEnd(epoch, _lane_epochs(lanes, trainer, meter, scores), logits, trainer.state_dict)
        for lane in lanes:
            if not progress.active[lane] or epoch == epochs - 1:
                yield Finished(*trainer.selected_weights(lane), stopped_early=epoch < epochs - 1, lane=lane)


def train_one_epoch(trainer: Trainable, loader: Loader, epoch: int, meter: LossMeter) -> Iterator[StepDone | Diverged]:
    """Take every step of one epoch; ``meter`` then knows mean losses and seconds, listeners' time left out."""
    trainer.on_epoch_start(epoch)
    began = time.perf_counter()
    for images, labels, teacher in loader.batches(epoch):
        meter.update(trainer.training_step(images, labels, teacher))
        if meter.report_due():
            meter.seconds += time.perf_counter() - began
            yield from _stop_diverged(trainer.progress, meter)
            lanes = [lane for lane, active in enumerate(trainer.progress.active) if active]
            if not lanes:
                return
            yield StepDone(epoch, meter.step, {lane: meter.latest(lane) for lane in lanes})
            began = time.perf_counter()
    meter.seconds += time.perf_counter() - began
    yield from _stop_diverged(trainer.progress, meter)


def _stop_diverged(progress: LaneProgress, meter: LossMeter) -> Iterator[Diverged]:
    """Let the lanes go whose numbers broke; the others are not touched by it."""
    for lane, diverged in meter.pop_diverged().items():
        if progress.active[lane]:
            progress.active[lane], progress.diverged[lane] = False, True
            yield diverged


def _finished_before(trainer: Trainable, epochs: int) -> Iterator[Finished]:
    """Tell the end of lanes that a checkpoint brings back at their end."""
    progress = trainer.progress
    for lane, active in enumerate(progress.active):
        if not progress.diverged[lane] and (not active or progress.epoch == epochs):
            yield Finished(*trainer.selected_weights(lane), stopped_early=progress.epoch < epochs, lane=lane)


def _lane_epochs(
    lanes: Sequence[int], trainer: Trainable, meter: LossMeter, scores: Mapping[str, Sequence[Scores]]
) -> dict[int, LaneEpoch]:
    return {
        lane: LaneEpoch(
            losses=meter.averages(lane),
            schedule_values=trainer.schedule_values(lane),
            scores={split: of_lanes[lane] for split, of_lanes in scores.items()},
            seconds=meter.seconds / len(lanes),
            gradient_shares=trainer.gradient_shares(lane),
        )
        for lane in lanes
    }
