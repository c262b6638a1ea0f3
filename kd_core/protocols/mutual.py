"""Mutual learning: networks teach each other while they all learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kd_core.events import EpochEnd, Event, LaneEpoch, Logged
from kd_core.notes import PeerEpoch
from kd_core.protocols.base import SEED_STRIDE, Protocol, ProtocolCode
from kd_core.protocols.peers import PeerTrainer
from kd_core.settings import name_of, setting

if TYPE_CHECKING:
    from kd_core.networks import Shape
    from kd_core.protocols.context import ProtocolContext
    from kd_core.recipe import Recipe


class Mutual(Protocol):
    """Networks teach each other while they all learn; nobody was trained before.

    Each follows the labels and what the others say of the same batch, whose answers are held fixed meanwhile. Each has
    an optimiser of its own. The peers are further networks of the recipe, or else copies of the student that begin
    from other weights.
    """

    title: ClassVar[str] = "Mutual learning"
    needs_teacher: ClassVar[bool] = False
    arranges_networks: ClassVar[bool] = True
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

    def run(self, recipe: Recipe, context: ProtocolContext) -> Iterator[Event]:
        """Yield the events of the student's own network; those of its peers become notes."""
        splits = context.splits(recipe)
        recipes = [recipe, *self.peers(recipe)]
        trainer = PeerTrainer([context.trainer(peer, splits=splits) for peer in recipes])
        for event in context.train(recipe, trainer, context.loader(recipe)):
            if isinstance(event, EpochEnd):
                peers = ((lane, told) for lane, told in event.lanes.items() if lane > 0)
                yield from (Logged(event.epoch, _peer_epoch(lane + 1, recipes[lane], told)) for lane, told in peers)
            if own := event.only(0):
                yield own

    def peers(self, recipe: Recipe) -> list[Recipe]:
        """Return the recipes of the student's peers."""
        others = recipe.others or [recipe.student]
        count = self.networks - 1
        return [
            recipe.model_copy(update={"student": others[i % len(others)], "seed": recipe.seed + SEED_STRIDE * (i + 1)})
            for i in range(count)
        ]

    def code(self, recipe: Recipe, shape: Shape) -> ProtocolCode:
        """Return a loop in which all learn at once."""
        kinds = [f"Other{number + 1}" for number in range(len(recipe.others))] or ["Student"]
        peers = [kinds[number % len(kinds)] for number in range(self.networks - 1)]
        built = [f"build({kind}, seed + {SEED_STRIDE * (number + 1)})" for number, kind in enumerate(peers)]
        return ProtocolCode(
            f"networks = [{{student}}, {', '.join(built)}]\n"
            "networks = train_together(networks, loss, learning_images(seed, **SEEN), seed, {options})\n"
            "distilled = networks[0]\n",
            _TOGETHER,
            own_loop=True,
        )


def _peer_epoch(number: int, recipe: Recipe, epoch: LaneEpoch) -> PeerEpoch:
    test, validation = epoch.scores["test"], epoch.scores["validation"]
    return PeerEpoch(
        number=number,
        network=name_of(recipe.student),
        label=recipe.student.label,
        accuracy=test.accuracy,
        nll=test.nll,
        validation=validation.accuracy,
    )


_TOGETHER = """\
def train_together(networks, loss, data, seed, *, epochs, batch, optimizer{together}):
    \"\"\"Train networks that teach each other: each follows the labels and what the others say of the same batch.\"\"\"
    optimizers = [optimizer(network.parameters()) for network in networks]
    schedules = [torch.optim.lr_scheduler.CosineAnnealingLR(one, epochs) for one in optimizers if cosine]  #? cosine
    for epoch in range(epochs):
        for network in networks:
            network.train()
        settings = moved(epoch) if moved else {}  #? moved
        for images, labels in batches(data, seed, epoch, batch{augments}):
            outputs = [network(images) for network in networks]
            fixed = [logits.detach() for logits in outputs]  # nobody is moved by those whom it teaches
            for own, (logits, one) in enumerate(zip(outputs, optimizers)):
                peers = [peer for other, peer in enumerate(fixed) if other != own]
                one.zero_grad()
                total = sum(loss(logits, peer, labels{settings}) for peer in peers)
                (total / len(peers)).backward()
                one.step()
        for schedule in schedules:  #? cosine
            schedule.step()  #? cosine
    return [network.eval() for network in networks]
"""
