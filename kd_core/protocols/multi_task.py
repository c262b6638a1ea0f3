"""Multi-task distillation: two teachers of different questions about one image, one student with two heads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from kd_core.events import EpochDone, Event, Logged
from kd_core.outputs import Outputs
from kd_core.protocols.base import Protocol
from kd_core.protocols.context import Fit, Predict
from kd_core.settings import setting


class MultiTask(Protocol):
    """Two teachers of different questions about the same image teach one student with two heads.

    The second question is about the picture, not about its class: which way it leans, or how thick its strokes are.
    Its true answers are measured from the pixels. The layers below the heads are shared, so a question may help the
    other or stand in its way; the student alone has two heads and both sets of labels, and no teachers.
    """

    title: ClassVar[str] = "Multi-task"
    shapes_student: ClassVar[bool] = True
    logits_only: ClassVar[bool] = True
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

    def run(self, recipe: Any, fit: Fit, predict: Predict) -> Iterator[Event]:
        """Yield the events of the student; how it answers the second question becomes notes."""
        splits, second = fit.splits(recipe), fit.splits(self.asking_second(recipe))
        both = {
            part: replace(getattr(splits, part), extra={"second": getattr(second, part).labels})
            for part in ("train", "validation", "test")
        }
        teacher = fit.teachers(recipe, self.prerequisites(recipe)) if recipe.teacher else None
        student = MultiTaskTrainer(fit.learner(recipe, splits=replace(splits, **both)), self.second_weight)
        lesson = fit.lesson(recipe, train=_with_both_labels(both["train"]), teacher=teacher)
        for _, event in fit.together(recipe, student, lesson, fit.asked(recipe, teacher) if teacher else None):
            yield event
            if isinstance(event, EpochDone):
                yield Logged("second_question", event.epoch, student.second_facts(both))

    def prerequisites(self, recipe: Any) -> tuple[Any, ...]:
        """Return the teacher of the second question: the first one's recipe, asked something else."""
        return (self.asking_second(recipe.teacher),) if recipe.teacher else ()

    def asking_second(self, recipe: Any) -> Any:
        """Return a plain recipe with the labels of the second question."""
        return recipe.offline().changed({"data.question": self.question})


class MultiTaskTrainer:
    """A student that answers two questions; everything else is its learner's.

    Args:
        learner: of a network whose head ``second`` answers the second question.
        weight: of the second question's terms.
    """

    def __init__(self, learner: Any, weight: float) -> None:
        self.learner, self.weight = learner, weight
        self.begin_epoch, self.applied, self.says = learner.begin_epoch, learner.applied, learner.says
        self.shares, self.reported, self.snapshot = (
            learner.shares, learner.reported, learner.snapshot,
        )  # fmt: skip
        self.restore = learner.restore

    @property
    def going(self) -> list[bool]:
        """Return whether it still learns."""
        going: list[bool] = self.learner.going
        return going

    @property
    def broken(self) -> list[bool]:
        """Return whether its numbers broke."""
        broken: list[bool] = self.learner.broken
        return broken

    @property
    def epoch(self) -> int:
        """Return the next epoch, 0-based."""
        return int(self.learner.epoch)

    def learn(self, images: Tensor, labels: Tensor, answer: Outputs | None) -> Mapping[str, Tensor]:
        """Take a step on a batch with the labels (B, 2) of both questions; return the weighted terms of both."""
        said, heard = self.learner.answers(images, answer)
        first, second = labels.unbind(1)
        terms: dict[str, Tensor] = self.learner.method.terms(said, heard, first)
        other = None if heard is None else replace(heard, logits=heard.heads["1"])
        asked = self.learner.method.terms(replace(said, logits=said.heads["second"]), other, second)
        terms = terms | {f"second_{name}": self.weight * term for name, term in asked.items()}
        self.learner.step(terms)
        return terms

    def end_epoch(self, epoch: int, marks: Sequence[Any]) -> None:
        """Count the epoch."""
        self.learner.end_epoch(epoch, marks)

    def second_facts(self, splits: Mapping[str, Any]) -> dict[str, float]:
        """Return how often the second answer is right, on validation and test."""
        return {part: self._right(splits[part]) for part in ("validation", "test")}

    @torch.no_grad()
    def _right(self, split: Any) -> float:
        self.learner.network.eval()
        right = 0
        for start in range(0, len(split), 512):
            said = self.learner.network(split.normalised(slice(start, start + 512))).heads["second"]
            right += int((said.argmax(-1) == split.extra["second"][start : start + 512]).sum())
        return right / max(1, len(split))


def _with_both_labels(train: Any) -> Any:
    """Return the training images with labels (N, 2); where the first is withheld, the second is too."""
    second = torch.where(train.labels >= 0, train.extra["second"], -1)
    return replace(train, labels=torch.stack([train.labels, second], dim=1))
