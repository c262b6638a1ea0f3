"""Multi-task distillation: two teachers of different questions about one image, one student with two heads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from torch import Tensor

from kd_core.datasets import TARGETS
from kd_core.events import EpochEnd, Event, Logged
from kd_core.networks import Architecture, Network, SecondHead, Shape
from kd_core.notes import SecondAnswer
from kd_core.outputs import Outputs
from kd_core.protocols.base import Protocol
from kd_core.settings import setting

if TYPE_CHECKING:
    from kd_core.datasets import Split
    from kd_core.methods import Method
    from kd_core.protocols.context import ProtocolContext
    from kd_core.recipe import Recipe


class MultiTask(Protocol):
    """Two teachers of different questions about the same image teach one student with two heads.

    The second question is about the picture, not about its class: which way it leans, or how thick its strokes are.
    Its true answers are measured from the pixels. The layers below the heads are shared, so a question may help the
    other or stand in its way; the student alone has two heads and both sets of labels, and no teachers.
    """

    title: ClassVar[str] = "Multi-task"
    shapes_student: ClassVar[bool] = True
    logits_only: ClassVar[bool] = True
    can_be_forked: ClassVar[bool] = True
    copies_layers: ClassVar[bool] = False
    source: ClassVar[str] = "Caruana 1997 (multi-task); Hinton, Vinyals, Dean 2015 (teachers)"

    name: Literal["multi_task"] = "multi_task"
    question: Literal["slant", "thickness"] = setting(
        "slant",
        title="Second question",
        description="Does it lean left, stand, or lean right; or is it thin, medium or thick.",
    )
    second_weight: float = setting(
        1.0,
        title="Weight of the second question",
        description="Of all its loss terms.",
        ge=0,
        le=100,
        scale="log",
        log_from=0.001,
    )

    def run(self, recipe: Recipe, context: ProtocolContext) -> Iterator[Event]:
        """Yield the events of the student; how it answers the second question becomes notes."""
        splits, second = context.splits(recipe), context.splits(self.asking_second(recipe))
        both = {
            part: replace(getattr(splits, part), extra={"second": getattr(second, part).labels})
            for part in ("train", "validation", "test")
        }
        teacher = context.teacher_ensemble(recipe, self.prerequisites(recipe)) if recipe.teacher else None
        trainer = context.trainer(recipe, splits=replace(splits, **both), compute_losses=self.losses)
        loader = context.loader(recipe, train=_with_both_labels(both["train"]), teacher=teacher)
        for event in context.train(recipe, trainer, loader):
            if isinstance(event, EpochEnd):
                right = {name: _second_accuracy(trainer.network, both[name]) for name in ("validation", "test")}
                yield Logged(event.epoch, SecondAnswer(**right))
            yield event

    def losses(self, method: Method, student: Outputs, teacher: Outputs | None, labels: Tensor) -> dict[str, Tensor]:
        """Return the weighted terms of both questions, from the labels (B, 2) of both."""
        first_labels, second_labels = labels.unbind(1)
        second_student = replace(student, logits=student.heads["second"])
        second_teacher = None if teacher is None else replace(teacher, logits=teacher.heads["1"])
        second = method.terms(second_student, second_teacher, second_labels)
        weighted = {f"second_{name}": self.second_weight * loss for name, loss in second.items()}
        return method.terms(student, teacher, first_labels) | weighted

    def build_student(self, architecture: Architecture, shape: Shape, classes: int) -> Network:
        """Return the student with a second head."""
        return SecondHead(architecture.build(shape, classes), shape, len(TARGETS[self.question]))

    def prerequisites(self, recipe: Recipe) -> tuple[Recipe, ...]:
        """Return the teacher of the second question: the first one's recipe, asked something else."""
        return (self.asking_second(recipe.teacher),) if recipe.teacher else ()

    def asking_second(self, recipe: Recipe) -> Recipe:
        """Return a plain recipe with the labels of the second question."""
        return recipe.offline().changed({"data.question": self.question})


@torch.no_grad()
def _second_accuracy(network: Network, split: Split) -> float:
    """Return how often a network's second answer is right."""
    network.eval()
    right = 0
    for start in range(0, len(split), 512):
        here = slice(start, start + 512)
        logits = network(split.normalised(here)).heads["second"]
        right += int((logits.argmax(-1) == split.extra["second"][here]).sum())
    return right / max(1, len(split))


def _with_both_labels(train: Split) -> Split:
    """Return the training images with labels (N, 2); where the first is withheld, the second is too."""
    second = torch.where(train.labels >= 0, train.extra["second"], -1)
    return replace(train, labels=torch.stack([train.labels, second], dim=1))
