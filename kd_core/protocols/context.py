"""The context that a protocol is handed: data, trained networks and the loop, so that it imports neither."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from kd_core.compute import StepPlan
    from kd_core.datasets import Split, Splits
    from kd_core.events import Event
    from kd_core.networks import Network
    from kd_core.recipe import Recipe
    from kd_core.training import ComputeLosses, DistillationLoader, Loader, Trainable, Trainer, TransformTeacher


class ProtocolContext(typing.Protocol):
    """What a protocol may use for one run.

    Attributes:
        plan: how a training step is taken fastest on this machine.
    """

    @property
    def plan(self) -> StepPlan:
        """Return how a training step is taken."""

    def fit(self, recipe: Recipe) -> Iterator[Event]:
        """Train the network of a recipe in the plain way, yielding events."""

    def train(self, recipe: Recipe, trainer: Trainable, loader: Loader) -> Iterator[Event]:
        """Train one network or several in one loop; a loader with a state is kept in checkpoints too.

        Args:
            recipe: for how many epochs, and on whose validation and test everybody is evaluated.
            trainer: who learns.
            loader: from what.
        """

    def trainer(
        self,
        recipe: Recipe,
        *,
        splits: Splits | None = None,
        teacher: Network | None = None,
        transform_teacher: TransformTeacher | None = None,
        compute_losses: ComputeLosses | None = None,
    ) -> Trainer:
        """Return a fresh network with its optimizer, ready for a loop.

        Args:
            recipe: which network, how optimised.
            splits: on which it is evaluated; the recipe's by default.
            teacher: whose features an auxiliary module must know.
            transform_teacher: from the method in use and the teacher's outputs to what the student is taught by.
            compute_losses: the loss terms of a step; the method's by default.
        """

    def loader(
        self, recipe: Recipe, *, train: Split | None = None, teacher: Network | None = None
    ) -> DistillationLoader:
        """Return the batches of a recipe, with what a teacher says about them; its outputs are cached where possible.

        Args:
            recipe: in whose order.
            train: images and labels; the recipe's by default.
            teacher: who is asked; nobody by default.
        """

    def splits(self, recipe: Recipe) -> Splits:
        """Return train, validation and test as a recipe sees them."""

    def teacher_ensemble(self, recipe: Recipe, further: Sequence[Recipe] = ()) -> Network:
        """Return the trained teacher of a recipe; logits of ``further`` trained networks are its heads, by number."""

    def predict(self, recipe: Recipe, split: str) -> Tensor:
        """Return the logits (N, K) of a recipe's trained network on a split of its own by name, on the CPU."""
