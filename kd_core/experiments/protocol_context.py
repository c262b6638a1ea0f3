"""Loop: the loop and its parts as a protocol gets them, with data, teachers and the last checkpoint at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from kd_core.compute import Speed
from kd_core.datasets import Split, Splits
from kd_core.events import EpochDone, Event, Together
from kd_core.experiments.study_context import Workshop
from kd_core.functional import under_prefix, with_prefix
from kd_core.methods import Method
from kd_core.networks import Network
from kd_core.outputs import Outputs
from kd_core.recipe import Recipe
from kd_core.training import (
    DistillationLoader,
    Evaluator,
    TeacherOutputs,
    Trainer,
    can_cache_teacher,
    course,
    fit,
    judged,
    predict_logits,
    predict_outputs,
)


class Loop:
    """What a protocol may ask for.

    Args:
        workshop: knows data, trained networks and the device.
        snapshot: the run's last checkpoint, if it goes on from one.
        speed: how to take a step.
    """

    def __init__(self, workshop: Workshop, snapshot: Mapping[str, Tensor] | None, speed: Speed) -> None:
        self.workshop, self.snapshot, self.speed = workshop, snapshot, speed

    def __call__(self, recipe: Recipe) -> Iterator[Event]:
        """Train the network of a recipe, yielding events."""
        own, teacher, heard = self.splits(recipe), self.workshop.teacher(recipe), self.workshop.heard(recipe)
        self._take_threads()
        return fit(recipe, own, teacher, self.snapshot, self.speed, heard)

    def predict(self, recipe: Recipe, part: str = "train") -> Tensor:
        """Return the logits (N, K) of a recipe's trained network about a part of its own splits, on the CPU."""
        return predict_logits(self.workshop.trained(recipe), getattr(self.splits(recipe), part)).cpu()

    def splits(self, recipe: Recipe) -> Splits:
        """Return train, validation and test as a recipe sees them."""
        return self.workshop.splits(recipe)

    def teachers(self, recipe: Recipe, further: Sequence[Recipe] = ()) -> Network:
        """Return the trained network of the recipe's teacher; answers of ``further`` ones are its heads, by number."""
        first = self.workshop.teacher(recipe)
        assert first is not None  # a recipe without a teacher is refused when it is built
        return Panel(first, [self.workshop.trained(one) for one in further]) if further else first

    def asked(self, recipe: Recipe, network: Network) -> dict[str, Outputs]:
        """Return what a network says about a recipe's validation and test, by part, on the CPU."""
        return {
            part: predict_outputs(network, split).mapped(Tensor.cpu)
            for part, split in judged(self.splits(recipe)).items()
        }

    def learner(
        self,
        recipe: Recipe,
        *,
        splits: Splits | None = None,
        teacher: Network | None = None,
        hears: Callable[[Method, Outputs], Outputs] | None = None,
    ) -> Trainer:
        """Return a fresh network with its optimiser, ready for a loop."""
        return Trainer(recipe, splits or self.splits(recipe), teacher, self.speed, hears)

    def lesson(
        self, recipe: Recipe, *, train: Split | None = None, teacher: Network | None = None
    ) -> DistillationLoader:
        """Return the batches of a recipe, with what a teacher says about them; it is asked once where that will do."""
        seen = train or self.splits(recipe).train
        heard = (
            TeacherOutputs(predict_outputs(teacher, seen), {})
            if teacher is not None and can_cache_teacher(recipe)
            else None
        )
        self._take_threads()
        return DistillationLoader(recipe, seen, teacher, heard)

    def together(
        self,
        recipe: Recipe,
        learners: Any,
        lesson: Any,
        teacher: Mapping[str, Tensor | Outputs] | None = None,
    ) -> Iterator[tuple[int, Event]]:
        """Train several learners in one loop, yielding every event with the number of its learner."""
        keeps = hasattr(lesson, "snapshot")
        if self.snapshot:
            learners.restore(self.snapshot)
            if keeps:
                lesson.restore(under_prefix("lesson", self.snapshot))

        def snapshot(own: Callable[[], dict[str, Tensor]]) -> Callable[[], dict[str, Tensor]]:
            return (lambda: own() | with_prefix("lesson", lesson.snapshot())) if keeps else own

        said = {part: one.logits if isinstance(one, Outputs) else one for part, one in (teacher or {}).items()}
        judge = Evaluator(
            {part: split.labels for part, split in judged(self.splits(recipe)).items()},
            {part: logits.cpu()[None] for part, logits in said.items()},
        )
        for lane, event in course(recipe, learners, lesson, judge):
            if isinstance(event, EpochDone):
                yield lane, replace(event, snapshot=snapshot(event.snapshot))
            elif not isinstance(event, Together):
                yield lane, event

    def _take_threads(self) -> None:
        torch.set_num_threads(self.speed.threads)  # asking a teacher may have changed it


class Panel(Network):
    """Several trained networks that answer together: the first one's answer, with the others' logits as heads.

    Args:
        first: whose logits and features are told.
        others: by number, from "1".
    """

    def __init__(self, first: Network, others: Sequence[Network]) -> None:
        super().__init__()
        self.first = first
        self.others = nn.ModuleList(others)

    def forward_until(self, depth: str, images: Tensor) -> Tensor:
        """Return a feature of the first."""
        return self.first.forward_until(depth, images)

    def forward(self, images: Tensor) -> Outputs:
        """Return what all say."""
        said: Outputs = self.first(images)
        return replace(said, heads={str(i + 1): other(images).logits for i, other in enumerate(self.others)})
