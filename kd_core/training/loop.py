"""The loop: every network, teacher or student, alone or as one of many lanes, is trained here."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from torch import Tensor

from kd_core.compute import PLAIN, Speed
from kd_core.datasets import Splits
from kd_core.events import Diverged, EpochDone, Event, Finished, Started, StepDone, Together
from kd_core.functional import Scores
from kd_core.networks import Network
from kd_core.outputs import Outputs
from kd_core.recipe import Recipe
from kd_core.training.batches import DistillationLoader, Loader
from kd_core.training.diagnostics import diagnostics
from kd_core.training.evaluator import Evaluator, judged
from kd_core.training.loss_meter import LossMeter
from kd_core.training.teacher_outputs import TeacherOutputs, cache_teacher_outputs
from kd_core.training.trainer import Trainer


class Trainable(Protocol):
    """Who is trained by one loop: a single network, or many as lanes.

    Attributes:
        going: by lane, whether it still learns.
        broken: by lane, whether it went because its numbers broke.
        epoch: the next one, 0-based.
    """

    going: list[bool]
    broken: list[bool]
    epoch: int

    def begin_epoch(self, epoch: int) -> None:
        """Go into training mode with what applies in this epoch."""

    def learn(self, images: Tensor, labels: Tensor, answer: Outputs | None) -> Mapping[str, Tensor]:
        """Take one step; return each weighted loss term, a scalar or one a lane."""

    def applied(self, lane: int) -> Mapping[str, float]:
        """Return what applies in this epoch."""

    def shares(self, lane: int) -> Mapping[str, float]:
        """Return how much each term pulled in this epoch, where that was measured."""

    def says(self, part: str) -> Tensor:
        """Return every lane's logits (L, N, K) about a part of the data, on the CPU."""

    def end_epoch(self, epoch: int, marks: Sequence[Scores]) -> None:
        """Count the epoch; a lane whose patience has run out goes no further."""

    def reported(self, lane: int) -> tuple[dict[str, Tensor], int]:
        """Return the weights to report and their epoch."""

    def snapshot(self) -> dict[str, Tensor]:
        """Return all that is needed to go on from the end of this epoch."""


def fit(
    recipe: Recipe,
    splits: Splits,
    teacher: Network | None = None,
    snapshot: Mapping[str, Tensor] | None = None,
    speed: Speed = PLAIN,
    heard: TeacherOutputs | None = None,
) -> Iterator[Event]:
    """Train the network of ``recipe``; close the generator to stop.

    Args:
        recipe: what to train; its data conditions have been applied to ``splits``.
        splits: on the device on which to train.
        teacher: the trained teacher, on the same device, where the method listens to one.
        snapshot: what an earlier ``EpochDone.snapshot()`` returned, to go on from there.
        speed: how to take a step.
        heard: what the teacher said when it was asked before; else it is asked now.

    Yields:
        ``Started``, then ``StepDone`` about ten times a second and ``EpochDone`` after every epoch, and at the end
        ``Finished`` or ``Diverged``.
    """
    learner = Trainer(recipe, splits, teacher, speed)
    if snapshot:
        learner.restore(snapshot)
    labels = {part: split.labels for part, split in judged(splits).items()}
    if heard is None and teacher is not None:
        heard = cache_teacher_outputs(recipe, splits, teacher)
    says = {part: told[None] for part, told in heard.judged.items()} if heard else {}
    lesson = DistillationLoader(recipe, splits.train, teacher, heard)
    for _, event in course(recipe, learner, lesson, Evaluator(labels, says)):
        if not isinstance(event, Together):
            yield event
        if isinstance(event, EpochDone):
            yield from diagnostics(learner, splits, teacher, event)


def course(recipe: Recipe, learners: Trainable, lesson: Loader, judge: Evaluator) -> Iterator[tuple[int, Event]]:
    """Train whoever learns through all epochs of ``recipe``; yield every event with its lane."""
    epochs, lanes = recipe.optim.epochs, len(learners.going)
    for lane in range(lanes):
        yield lane, Started(epochs, lesson.steps, learners.epoch)
        if not learners.broken[lane] and (not learners.going[lane] or learners.epoch == epochs):
            yield lane, Finished(*learners.reported(lane), stopped_early=learners.epoch < epochs)
    for epoch in range(learners.epoch, epochs):
        if not any(learners.going):
            break
        ledger = LossMeter(epoch * lesson.steps, lanes)
        yield from train_one_epoch(learners, lesson, epoch, ledger)
        taking_part = [lane for lane in range(lanes) if learners.going[lane]]
        if not taking_part:
            return
        logits = {part: learners.says(part) for part in judge.labels}
        marks = judge.scores(logits)
        learners.end_epoch(epoch, marks["validation"])
        for lane in taking_part:
            own = {part: values[lane] for part, values in logits.items()}
            told = {part: by_lane[lane] for part, by_lane in marks.items()}
            applied, seconds = learners.applied(lane), ledger.seconds / len(taking_part)
            shares = learners.shares(lane)
            yield lane, EpochDone(epoch, ledger.means(lane), applied, own, told, seconds, learners.snapshot, shares)
        yield taking_part[0], Together(epoch, tuple(taking_part), logits, learners.snapshot)
        for lane in taking_part:
            if not learners.going[lane] or epoch == epochs - 1:
                yield lane, Finished(*learners.reported(lane), stopped_early=epoch < epochs - 1)


def train_one_epoch(
    learners: Trainable, lesson: Loader, epoch: int, ledger: LossMeter
) -> Iterator[tuple[int, StepDone | Diverged]]:
    """Take every step of one epoch; ``ledger`` then knows mean terms and seconds, listeners' time left out."""
    learners.begin_epoch(epoch)
    began = time.perf_counter()
    for images, labels, answer in lesson.batches(epoch):
        ledger.note(learners.learn(images, labels, answer))
        if ledger.due():
            ledger.seconds += time.perf_counter() - began
            yield from _report(learners, epoch, ledger)
            if not any(learners.going):
                return
            began = time.perf_counter()
    ledger.seconds += time.perf_counter() - began
    yield from _leaving(learners, ledger)


def _report(learners: Trainable, epoch: int, ledger: LossMeter) -> Iterator[tuple[int, StepDone | Diverged]]:
    yield from _leaving(learners, ledger)
    for lane, going in enumerate(learners.going):
        if going:
            yield lane, StepDone(epoch, ledger.step, ledger.reported(lane))


def _leaving(learners: Trainable, ledger: LossMeter) -> Iterator[tuple[int, Diverged]]:
    """Let the lanes go whose numbers broke; the others are not touched by it."""
    for lane, broken in ledger.broken().items():
        if learners.going[lane]:
            learners.going[lane], learners.broken[lane] = False, True
            yield lane, broken
