"""The loop: every network, teacher or student, is trained here, and every fact leaves as an event."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from kd_core.datasets import Split, Splits
from kd_core.datasets.augmentation import augment
from kd_core.events import Diverged, EpochDone, Event, Finished, Started, StepDone
from kd_core.learner import Learner
from kd_core.metrics import scores
from kd_core.networks import Network
from kd_core.outputs import Outputs
from kd_core.prediction import predict
from kd_core.randomness import generator
from kd_core.recipe import Recipe
from kd_core.settings import lane_fields

REPORT_SECONDS = 0.1
KEPT_INPUTS_BYTES = 2**30
"""Up to here all images are kept normalised; beyond, each batch is normalised when it is needed."""


def fit(
    recipe: Recipe,
    splits: Splits,
    teacher: Network | None = None,
    snapshot: Mapping[str, Tensor] | None = None,
) -> Iterator[Event]:
    """Train the network of ``recipe``; close the generator to stop.

    Args:
        recipe: what to train; its data conditions have been applied to ``splits``.
        splits: on the device on which to train.
        teacher: the trained teacher, on the same device, where the method listens to one.
        snapshot: what an earlier ``EpochDone.snapshot()`` returned, to go on from there.

    Yields:
        ``Started``, then ``StepDone`` about ten times a second and ``EpochDone`` after every epoch, and at the end
        ``Finished`` or ``Diverged``.
    """
    learner = Learner(recipe, splits.train, teacher)
    if snapshot:
        learner.restore(snapshot)
    lesson = Lesson(recipe, splits.train, teacher)
    teacher_says = (
        {} if teacher is None else {part: predict(teacher, split).cpu() for part, split in judged(splits).items()}
    )
    batches = steps_per_epoch(len(splits.train), recipe.optim.batch)
    yield Started(recipe.optim.epochs, batches, learner.epoch)

    for epoch in range(learner.epoch, recipe.optim.epochs):
        if learner.out_of_patience:
            break
        applied, ledger = applied_values(recipe, epoch), Ledger(first_step=epoch * batches)
        for event in train_epoch(recipe, learner, lesson, epoch, applied, ledger):
            yield event
            if isinstance(event, Diverged):
                return
        logits = {part: predict(learner.network, split).cpu() for part, split in judged(splits).items()}
        marks = {
            part: scores(logits[part], split.labels.cpu(), teacher_says.get(part))
            for part, split in judged(splits).items()
        }
        learner.end_epoch(epoch, marks["validation"])
        yield EpochDone(epoch, ledger.means(), applied, logits, marks, ledger.seconds, learner.snapshot)
    yield Finished(*learner.reported(), stopped_early=learner.epoch < recipe.optim.epochs)


def train_epoch(
    recipe: Recipe, learner: Learner, lesson: Lesson, epoch: int, applied: Mapping[str, float], ledger: Ledger
) -> Iterator[StepDone | Diverged]:
    """Take every step of one epoch; ``ledger`` then knows mean terms and seconds, listeners' time left out."""
    method = recipe.method.at(**{name: applied[name] for name in recipe.schedules})
    learner.begin_epoch(epoch, applied["lr"])
    began = time.perf_counter()
    for images, labels, answer in lesson.batches(epoch):
        terms = method.terms(*learner.answers(images, answer), labels)
        learner.step(terms)
        ledger.note(terms)
        if ledger.due():
            if broken := ledger.broken():
                yield broken
                return
            ledger.seconds += time.perf_counter() - began
            yield StepDone(epoch, ledger.step, ledger.last)
            began = time.perf_counter()
    if broken := ledger.broken():
        yield broken
    ledger.seconds += time.perf_counter() - began


def judged(splits: Splits) -> dict[str, Split]:
    """Return the splits on which a network is judged after every epoch."""
    return {"validation": splits.validation, "test": splits.test}


def applied_values(recipe: Recipe, epoch: int) -> dict[str, float]:
    """Return what applies in ``epoch`` (0-based): the learning rate ``lr`` and the method's movable settings."""
    optim = recipe.optim
    fall = (1 + math.cos(math.pi * epoch / optim.epochs)) / 2 if optim.lr_schedule == "cosine" else 1.0
    applied = {"lr": optim.lr * fall}
    for name in sorted(lane_fields(type(recipe.method))):
        start = getattr(recipe.method, name)
        if start is not None:
            schedule = recipe.schedules.get(name)
            applied[name] = start if schedule is None else schedule.value(start, epoch, optim.epochs)
    return applied


def steps_per_epoch(images: int, batch: int) -> int:
    """Return the number of batches; a last batch of one joins the one before, for batch norm cannot learn from one."""
    return images if batch == 1 else max(1, math.ceil((images - 1) / batch))


class Lesson:
    """The batches of an epoch with what the teacher says about them.

    Where the student sees the same images every epoch and the method wants logits only, the teacher is asked once and
    its logits are kept by image; otherwise it answers live, on the very batch the student sees.
    """

    def __init__(self, recipe: Recipe, train: Split, teacher: Network | None) -> None:
        self.recipe, self.train, self.teacher = recipe, train, teacher
        self.inputs = train.inputs() if train.images.nbytes * 4 <= KEPT_INPUTS_BYTES else None
        listens = teacher is not None and recipe.method.needs_teacher
        still = recipe.data.augmentation == "none" and not recipe.method.needs
        self.live = listens and not still
        self.logits = predict(teacher, train) if listens and still and teacher is not None else None

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor, Outputs | None]]:
        """Yield images (B, C, H, W), labels (B,) and the teacher's answer in this epoch's order."""
        recipe, train = self.recipe, self.train
        order = torch.randperm(len(train), generator=generator(recipe.seed, "order", epoch)).to(train.labels.device)
        noise = generator(recipe.seed, "augmentation", epoch, device=train.images.device)
        last = steps_per_epoch(len(train), recipe.optim.batch) - 1
        for number in range(last + 1):
            start = number * recipe.optim.batch
            index = order[start:] if number == last else order[start : start + recipe.optim.batch]
            images = train.inputs(index) if self.inputs is None else self.inputs[index]
            if recipe.data.augmentation != "none":
                images = augment(recipe.data.augmentation, images, noise, fill=train.black)
            yield images, train.labels[index], self._answer(images, index)

    def _answer(self, images: Tensor, index: Tensor) -> Outputs | None:
        if self.logits is not None:
            return Outputs(self.logits[index])
        if self.live and self.teacher is not None:
            self.teacher.eval()
            with torch.no_grad():
                return self.teacher(images)
        return None


@dataclass
class Ledger:
    """Sums of the loss terms of one epoch, read from the device only when a report is due.

    Args:
        first_step: steps taken before this epoch.
        steps: taken in this epoch.
        seconds: spent on them.
        last: each term's mean over the steps since the report before the last.
    """

    first_step: int
    seconds: float = 0.0
    steps: int = 0
    reported_at: float = field(default_factory=time.perf_counter)
    waiting: list[dict[str, Tensor]] = field(default_factory=list)
    sums: dict[str, float] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """Return the steps taken in all epochs so far."""
        return self.first_step + self.steps

    def note(self, terms: Mapping[str, Tensor]) -> None:
        """Keep one step's terms, without waiting for the device."""
        self.waiting.append({name: term.detach() for name, term in terms.items()})
        self.steps += 1

    def due(self) -> bool:
        """Tell whether the last report is long enough ago."""
        return time.perf_counter() - self.reported_at >= REPORT_SECONDS

    def broken(self) -> Diverged | None:
        """Read what waits; return the first step and term that became infinite or not a number."""
        first = self.step - len(self.waiting) + 1
        rows = [{name: float(term) for name, term in terms.items()} for terms in self.waiting]
        self.waiting, self.reported_at = [], time.perf_counter()
        for offset, row in enumerate(rows):
            for name, value in row.items():
                if not math.isfinite(value):
                    return Diverged(first + offset, name, value)
                self.sums[name] = self.sums.get(name, 0.0) + value
        if rows:
            self.last = {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
        return None

    def means(self) -> dict[str, float]:
        """Return each term's mean over the epoch so far."""
        return {name: total / max(1, self.steps) for name, total in self.sums.items()}
