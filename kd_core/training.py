"""The loop: every network, teacher or student, alone or as one of many lanes, is trained here."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from kd_core.datasets import Split, Splits
from kd_core.datasets.augmentation import augment
from kd_core.events import Diverged, EpochDone, Event, Finished, Started, StepDone, Together
from kd_core.learner import Learner
from kd_core.ledger import Ledger
from kd_core.metrics import Scores, scores_by_lane
from kd_core.networks import Network
from kd_core.outputs import Outputs
from kd_core.prediction import answers, predict
from kd_core.randomness import generator
from kd_core.recipe import Recipe
from kd_core.sights import sights
from kd_core.speed import PLAIN, Speed

KEPT_INPUTS_BYTES = 2**30
"""Up to here all images are kept normalised; beyond, each batch is normalised when it is needed."""

Batch = tuple[Tensor, Tensor, Outputs | None]
"""Images, labels, and what the teacher says about them."""


class Learners(Protocol):
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


class Judge:
    """Validation and test, and what the teacher says about them.

    Args:
        labels: by part, (N,), or (L, N) where lanes are judged on images of their own.
        teacher: by part, (T, N, K), each teacher's lanes one after another; empty without one.
    """

    def __init__(self, labels: Mapping[str, Tensor], teacher: Mapping[str, Tensor]) -> None:
        self.labels = {part: told.cpu() for part, told in labels.items()}
        self.teacher = teacher

    def scores(self, logits: Mapping[str, Tensor]) -> dict[str, list[Scores]]:
        """Return by part the scores of every lane."""
        return {part: scores_by_lane(logits[part], self.labels[part], self.teacher.get(part)) for part in self.labels}


def fit(
    recipe: Recipe,
    splits: Splits,
    teacher: Network | None = None,
    snapshot: Mapping[str, Tensor] | None = None,
    speed: Speed = PLAIN,
    heard: Heard | None = None,
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
    learner = Learner(recipe, splits, teacher, speed)
    if snapshot:
        learner.restore(snapshot)
    labels = {part: split.labels for part, split in judged(splits).items()}
    if heard is None and teacher is not None:
        heard = hear(recipe, splits, teacher)
    says = {part: told[None] for part, told in heard.judged.items()} if heard else {}
    lesson = Lesson(recipe, splits.train, teacher, heard)
    for _, event in course(recipe, learner, lesson, Judge(labels, says)):
        if not isinstance(event, Together):
            yield event
        if isinstance(event, EpochDone):
            yield from sights(learner, splits, teacher, event)


def course(recipe: Recipe, learners: Learners, lesson: Lessons, judge: Judge) -> Iterator[tuple[int, Event]]:
    """Train whoever learns through all epochs of ``recipe``; yield every event with its lane."""
    epochs, lanes = recipe.optim.epochs, len(learners.going)
    for lane in range(lanes):
        yield lane, Started(epochs, lesson.steps, learners.epoch)
        if not learners.broken[lane] and (not learners.going[lane] or learners.epoch == epochs):
            yield lane, Finished(*learners.reported(lane), stopped_early=learners.epoch < epochs)
    for epoch in range(learners.epoch, epochs):
        if not any(learners.going):
            break
        ledger = Ledger(epoch * lesson.steps, lanes)
        yield from train_epoch(learners, lesson, epoch, ledger)
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


def train_epoch(
    learners: Learners, lesson: Lessons, epoch: int, ledger: Ledger
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


def _report(learners: Learners, epoch: int, ledger: Ledger) -> Iterator[tuple[int, StepDone | Diverged]]:
    yield from _leaving(learners, ledger)
    for lane, going in enumerate(learners.going):
        if going:
            yield lane, StepDone(epoch, ledger.step, ledger.reported(lane))


def _leaving(learners: Learners, ledger: Ledger) -> Iterator[tuple[int, Diverged]]:
    """Let the lanes go whose numbers broke; the others are not touched by it."""
    for lane, broken in ledger.broken().items():
        if learners.going[lane]:
            learners.going[lane], learners.broken[lane] = False, True
            yield lane, broken


def judged(splits: Splits) -> dict[str, Split]:
    """Return the splits on which a network is judged after every epoch."""
    return {"validation": splits.validation, "test": splits.test}


def steps_per_epoch(images: int, batch: int) -> int:
    """Return the number of batches; a last batch of one joins the one before, for batch norm cannot learn from one."""
    return images if batch == 1 else max(1, math.ceil((images - 1) / batch))


class Lessons(Protocol):
    """The batches of an epoch with what the teacher says about them.

    Attributes:
        steps: how many batches an epoch has.
    """

    steps: int

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield them in this epoch's order."""


@dataclass(frozen=True)
class Heard:
    """What a teacher said about a student's splits.

    Args:
        train: what it says by image, on the training device; None where it must answer live.
        judged: by part, (N, K) logits about validation and test, on the CPU.
    """

    train: Outputs | None
    judged: Mapping[str, Tensor]


def hear(recipe: Recipe, splits: Splits, teacher: Network) -> Heard:
    """Ask a teacher once about everything that stays as it is."""
    train = answers(teacher, splits.train) if hears_once(recipe) else None
    return Heard(train, {part: predict(teacher, split).cpu() for part, split in judged(splits).items()})


def hears_once(recipe: Recipe) -> bool:
    """Tell whether a student sees the same images every epoch and its method wants logits only."""
    return recipe.method.needs_teacher and recipe.data.augmentation == "none" and not recipe.method.needs


class Lesson:
    """One network's batches of an epoch with what the teacher says about them.

    Where the student sees the same images every epoch and the method wants logits only, the teacher is asked once and
    its logits are kept by image; otherwise it answers live, on the very batch the student sees.
    """

    def __init__(self, recipe: Recipe, train: Split, teacher: Network | None, heard: Heard | None) -> None:
        self.recipe, self.train, self.teacher = recipe, train, teacher
        self.steps = steps_per_epoch(len(train), recipe.optim.batch)
        self.inputs = train.inputs() if train.images.nbytes * 4 <= KEPT_INPUTS_BYTES else None
        self.told = heard.train if heard is not None and recipe.method.needs_teacher else None
        self.live = teacher is not None and recipe.method.needs_teacher and self.told is None

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield images (B, C, H, W), labels (B,) and the teacher's answer in this epoch's order."""
        recipe, train = self.recipe, self.train
        order = torch.randperm(len(train), generator=generator(recipe.seed, "order", epoch)).to(train.labels.device)
        noise = generator(recipe.seed, "augmentation", epoch, device=train.images.device)
        for number in range(self.steps):
            start = number * recipe.optim.batch
            index = order[start:] if number == self.steps - 1 else order[start : start + recipe.optim.batch]
            images = train.inputs(index) if self.inputs is None else self.inputs.index_select(0, index)
            if recipe.data.augmentation != "none":
                images = augment(recipe.data.augmentation, images, noise, fill=train.black)
            yield images, train.labels.index_select(0, index), self._answer(images, index)

    def _answer(self, images: Tensor, index: Tensor) -> Outputs | None:
        if self.told is not None:
            return self.told.mapped(lambda values: values.index_select(0, index))
        if self.live and self.teacher is not None:
            self.teacher.eval()
            with torch.no_grad():
                return self.teacher(images)
        return None
