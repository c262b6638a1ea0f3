"""The context of one run: what a protocol gets, with data, teachers and the last checkpoint at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from torch import Tensor, nn

from kd_core.compute import StepPlan
from kd_core.datasets import Split, Splits
from kd_core.events import EpochEnd, Event
from kd_core.experiments.study_context import StudyContext
from kd_core.experiments.teacher_cache import TeacherCache
from kd_core.functional import under_prefix, with_prefix
from kd_core.networks import Network
from kd_core.outputs import Outputs
from kd_core.recipe import Recipe
from kd_core.training import (
    ComputeLosses,
    DistillationLoader,
    Evaluator,
    Loader,
    StatefulLoader,
    Trainable,
    Trainer,
    TransformTeacher,
    cache_teacher_outputs,
    eval_splits,
    fit,
    fit_given,
    predict_logits,
    train,
)


class RunContext:
    """What a protocol may use for one run; see ``protocols.ProtocolContext``.

    Args:
        study: knows data, networks and the device.
        teachers: trained teachers and their cached outputs.
        checkpoint: the run's last one, if it goes on from one.
        plan: how to take a step.
    """

    def __init__(
        self, study: StudyContext, teachers: TeacherCache, checkpoint: Mapping[str, Tensor] | None, plan: StepPlan
    ) -> None:
        self.study, self.teachers, self.checkpoint, self.plan = study, teachers, checkpoint, plan

    def fit(self, recipe: Recipe) -> Iterator[Event]:
        """Train the network of a recipe in the plain way, yielding events."""
        if recipe.given_weights is not None:
            return fit_given(recipe, self.splits(recipe), self.study.given_weights(recipe))
        teacher, cached = self.teachers.network(recipe), self.teachers.outputs(recipe)
        return fit(recipe, self.splits(recipe), teacher, self.checkpoint, self.plan, cached)

    def train(self, recipe: Recipe, trainer: Trainable, loader: Loader) -> Iterator[Event]:
        """Train one network or several in one loop; a loader with a state is kept in checkpoints too."""
        if self.checkpoint:
            trainer.load_state_dict(self.checkpoint)
            if isinstance(loader, StatefulLoader):
                loader.load_state_dict(under_prefix("lesson", self.checkpoint))
        evaluator = Evaluator.of(self.splits(recipe))
        for event in train(trainer, loader, evaluator, recipe.optim.epochs):
            if isinstance(event, EpochEnd) and isinstance(loader, StatefulLoader):
                yield replace(event, state_dict=_with_loader(event.state_dict, loader))
            else:
                yield event

    def trainer(
        self,
        recipe: Recipe,
        *,
        splits: Splits | None = None,
        teacher: Network | None = None,
        transform_teacher: TransformTeacher | None = None,
        compute_losses: ComputeLosses | None = None,
    ) -> Trainer:
        """Return a fresh network with its optimizer, ready for a loop."""
        return Trainer(recipe, splits or self.splits(recipe), teacher, self.plan, transform_teacher, compute_losses)

    def loader(
        self, recipe: Recipe, *, train: Split | None = None, teacher: Network | None = None
    ) -> DistillationLoader:
        """Return the batches of a recipe, with what a teacher says about them."""
        seen = train or self.splits(recipe).train
        return DistillationLoader(recipe, seen, teacher, cache_teacher_outputs(recipe, seen, teacher))

    def splits(self, recipe: Recipe) -> Splits:
        """Return train, validation and test as a recipe sees them."""
        return self.study.splits(recipe)

    def teacher_ensemble(self, recipe: Recipe, further: Sequence[Recipe] = ()) -> Network:
        """Return the trained teacher of a recipe; logits of ``further`` trained networks are its heads, by number."""
        first = self.teachers.network(recipe)
        assert first is not None  # a recipe without a teacher is refused when it is built
        return TeacherEnsemble(first, [self.study.trained_network(other) for other in further]) if further else first

    def predict(self, recipe: Recipe, split: str) -> Tensor:
        """Return the logits (N, K) of a recipe's trained network on a split of its own by name, on the CPU."""
        splits = self.splits(recipe)
        images = splits.train if split == "train" else eval_splits(splits)[split]
        return predict_logits(self.study.trained_network(recipe), images).cpu()


def _with_loader(
    state_dict: Callable[[], dict[str, Tensor]], loader: StatefulLoader
) -> Callable[[], dict[str, Tensor]]:
    """Return what keeps the loader's state beside the trainer's; "lesson" is its name in checkpoints of version 0.3."""
    return lambda: state_dict() | with_prefix("lesson", loader.state_dict())


class TeacherEnsemble(Network):
    """Several trained networks that answer together: the first one's outputs, with the others' logits as heads.

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
        outputs = self.first(images)
        return replace(outputs, heads={str(i + 1): other(images).logits for i, other in enumerate(self.others)})
