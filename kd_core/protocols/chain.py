"""Chains: every network is taught by the one before it, in generations or by assistants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from torch import Tensor

from kd_core.events import EpochEnd, Event, Finished, Logged
from kd_core.functional import soften
from kd_core.notes import EnsembleAccuracy
from kd_core.protocols.base import Protocol, ProtocolCode
from kd_core.settings import setting

if TYPE_CHECKING:
    from kd_core.networks import Shape
    from kd_core.protocols.context import ProtocolContext
    from kd_core.recipe import Recipe


class Chain(Protocol):
    """Every network is taught by the one before it: the same again and again, or smaller and smaller.

    Born-again networks are generations of the student: the first is taught by the teacher, each later one by the one
    before, and together they make an ensemble. Teacher assistants are the recipe's further networks, from large to
    small, between a teacher and a student that are too far apart.
    """

    needs_teacher_term: ClassVar[bool] = True
    arranges_networks: ClassVar[bool] = True
    abbreviation: ClassVar[str] = "BAN, TAKD"
    source: ClassVar[str] = "Furlanello et al. 2018 (born again); Mirzadeh et al. 2020 (assistants)"

    name: Literal["chain"] = "chain"
    generations: int = setting(
        2,
        title="Generations",
        description="How often the student is trained, each time taught by the last; 1 with assistants alone.",
        ge=1,
        le=10,
    )

    def run(self, recipe: Recipe, context: ProtocolContext) -> Iterator[Event]:
        """Yield the events of the last network of the chain, and at the end how all generations answer together."""
        links = self.prerequisites(recipe)
        last = _taught_by(recipe, links[-1] if links else recipe.teacher)
        logits: dict[int, Tensor] = {}
        reported = -1
        for event in context.fit(last):
            yield event
            if isinstance(event, EpochEnd):  # with early stopping any epoch may be the one to report
                logits = {**(logits if recipe.optim.patience else {}), event.epoch: event.logits["test"][0]}
            elif isinstance(event, Finished):
                reported = event.epoch
        if reported in logits and self.generations > 1:
            earlier = [context.predict(link, "test") for link in links[len(links) - self.generations + 1 :]]
            labels = context.splits(recipe).test.labels.cpu()
            yield Logged(reported, _ensemble_accuracy([*earlier, logits[reported]], labels))

    def prerequisites(self, recipe: Recipe) -> tuple[Recipe, ...]:
        """Return the assistants, then the generations before the last."""
        links: list[Recipe] = []
        for network in [*recipe.others, *[recipe.student] * (self.generations - 1)]:
            link = _taught_by(recipe, links[-1] if links else recipe.teacher)
            links.append(link.model_copy(update={"student": network}))
        return tuple(links)

    def code(self, recipe: Recipe, shape: Shape) -> ProtocolCode:
        """Return a loop over the links, from the teacher to the last generation."""
        kinds = [f"Other{number + 1}" for number in range(len(recipe.others))] + ["Student"] * self.generations
        return ProtocolCode(
            "distilled = teacher\n"
            f"for kind in [{', '.join(kinds)}]:  # every network is taught by the one before\n"
            "    seen = learning_images(seed, **SEEN)\n"
            "    distilled = train(build(kind, seed), loss, seen, seed, teacher=distilled, {options})\n"
        )


def _taught_by(recipe: Recipe, teacher: Recipe | None) -> Recipe:
    """Return a plain recipe of one link, without the chain it belongs to."""
    return recipe.offline().model_copy(update={"teacher": teacher})


def _ensemble_accuracy(logits: list[Tensor], labels: Tensor) -> EnsembleAccuracy:
    """Return how right each generation is, and the mean of all their probabilities."""
    mean = torch.stack([soften(of_generation.float()) for of_generation in logits]).mean(0)
    generations = [float((of_generation.argmax(-1) == labels).double().mean()) for of_generation in logits]
    return EnsembleAccuracy(float((mean.argmax(-1) == labels).double().mean()), generations)
