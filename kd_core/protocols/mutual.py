"""Mutual learning: networks teach each other while they all learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from kd_core.events import EpochDone, Event, Logged
from kd_core.protocols.base import SEED_STRIDE, Protocol
from kd_core.protocols.context import Fit, Predict
from kd_core.protocols.peers import PeerTrainer
from kd_core.settings import name_of, setting


class Mutual(Protocol):
    """Networks teach each other while they all learn; nobody was trained before.

    Each follows the labels and what the others say of the same batch, whose answers are held fixed meanwhile. Each has
    an optimiser of its own. The peers are further networks of the recipe, or else copies of the student that begin
    from other weights.
    """

    title: ClassVar[str] = "Mutual learning"
    needs_teacher: ClassVar[bool] = False
    needs_teacher_term: ClassVar[bool] = True
    logits_only: ClassVar[bool] = True
    recommended: ClassVar[Mapping[str, Any]] = {
        "method": {"name": "soft_targets", "temperature": 1.0, "teacher_weight": 1.0, "label_weight": 1.0}
    }
    copies_layers: ClassVar[bool] = False
    abbreviation: ClassVar[str] = "DML"
    source: ClassVar[str] = "Zhang et al. 2018 (DML)"

    name: Literal["mutual"] = "mutual"
    networks: int = setting(2, title="Networks", description="How many learn from each other.", ge=2, le=8)

    @property
    def relative_cost(self) -> float:
        """Return one for each network."""
        return float(self.networks)

    def run(self, recipe: Any, fit: Fit, predict: Predict) -> Iterator[Event]:
        """Yield the events of the student's own network; those of its peers become notes."""
        splits = fit.splits(recipe)
        everybody = [recipe, *self.peers(recipe)]
        members = [fit.learner(one, splits=splits) for one in everybody]
        for lane, event in fit.together(recipe, PeerTrainer(members), fit.lesson(recipe)):
            if lane == 0:
                yield event
            elif isinstance(event, EpochDone):
                yield _noted(lane + 1, everybody[lane], event)

    def peers(self, recipe: Any) -> list[Any]:
        """Return the recipes of the student's peers."""
        others = recipe.others or [recipe.student]
        count = self.networks - 1
        return [
            recipe.model_copy(update={"student": others[i % len(others)], "seed": recipe.seed + SEED_STRIDE * (i + 1)})
            for i in range(count)
        ]


def _noted(number: int, recipe: Any, event: EpochDone) -> Logged:
    test, validation = event.scores["test"], event.scores["validation"]
    facts = {
        "network": name_of(recipe.student),
        "label": recipe.student.label,
        "accuracy": test.accuracy,
        "nll": test.nll,
        "validation": validation.accuracy,
    }
    return Logged(f"peer_{number}", event.epoch, facts)
