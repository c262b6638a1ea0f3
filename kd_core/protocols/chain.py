"""Chains: every network is taught by the one before it, in generations or by assistants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from kd_core.events import EpochDone, Event, Finished, Logged
from kd_core.functional import soften
from kd_core.protocols.base import Protocol
from kd_core.protocols.context import Fit, Predict
from kd_core.settings import setting


class Chain(Protocol):
    """Every network is taught by the one before it: the same again and again, or smaller and smaller.

    Born-again networks are generations of the student: the first is taught by the teacher, each later one by the one
    before, and together they make an ensemble. Teacher assistants are the recipe's further networks, from large to
    small, between a teacher and a student that are too far apart.
    """

    needs_teacher_term: ClassVar[bool] = True
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

    def run(self, recipe: Any, fit: Fit, predict: Predict) -> Iterator[Event]:
        """Yield the events of the last network of the chain, and at the end how all generations answer together."""
        links = self.prerequisites(recipe)
        last = _taught(recipe, links[-1] if links else recipe.teacher)
        said: dict[int, Tensor] = {}
        reported = -1
        for event in fit(last):
            yield event
            if isinstance(event, EpochDone):  # with early stopping any epoch may be the one to report
                said = {**(said if recipe.optim.patience else {}), event.epoch: event.logits["test"]}
            elif isinstance(event, Finished):
                reported = event.epoch
        if reported in said and self.generations > 1:
            earlier = [predict(link, "test") for link in links[len(links) - self.generations + 1 :]]
            labels = fit.splits(recipe).test.labels.cpu()
            yield Logged("ensemble", reported, _ensemble([*earlier, said[reported]], labels))

    def prerequisites(self, recipe: Any) -> tuple[Any, ...]:
        """Return the assistants, then the generations before the last."""
        links: list[Any] = []
        for network in [*recipe.others, *[recipe.student] * (self.generations - 1)]:
            link = _taught(recipe, links[-1] if links else recipe.teacher)
            links.append(link.model_copy(update={"student": network}))
        return tuple(links)


def _taught(recipe: Any, teacher: Any) -> Any:
    """Return a plain recipe of one link, without the chain it belongs to."""
    return recipe.offline().model_copy(update={"teacher": teacher})


def _ensemble(logits: list[Tensor], labels: Tensor) -> dict[str, Any]:
    """Return how right each generation is, and the mean of all their probabilities."""
    mean = torch.stack([soften(one.float()) for one in logits]).mean(0)
    by_generation = [float((one.argmax(-1) == labels).double().mean()) for one in logits]
    return {"accuracy": float((mean.argmax(-1) == labels).double().mean()), "generations": by_generation}
