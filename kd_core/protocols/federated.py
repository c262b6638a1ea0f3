"""Federated distillation: clients with private data share what they say about public images, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from kd_core.errors import InvalidSetting, Reason
from kd_core.events import EpochEnd, Event, Logged
from kd_core.functional import derive_seed, make_generator, soften
from kd_core.notes import FederatedRound
from kd_core.outputs import Outputs
from kd_core.protocols.base import SEED_STRIDE, Protocol
from kd_core.protocols.peers import PeerTrainer
from kd_core.settings import setting

if TYPE_CHECKING:
    from kd_core.datasets import Split
    from kd_core.protocols.context import ProtocolContext
    from kd_core.recipe import Recipe
    from kd_core.training import Trainer

BYTES_OF_NUMBER = 4


class Federated(Protocol):
    """Clients with private data of unequal kinds share what they say about public images, and nothing else.

    In every round each client tells its logits on the public images; their mean goes back, each client follows it, and
    then learns from its own labels again. Neither images nor weights cross. A server's student, which never sees a
    label, follows the same mean and is the network of this run. Each client has a twin that learns from its own data
    alone for as many steps: that is what it would have been by itself.
    """

    needs_teacher: ClassVar[bool] = False
    arranges_networks: ClassVar[bool] = True
    students_see: ClassVar[Literal["own data", "public images", "made-up images"]] = "public images"
    needs_teacher_term: ClassVar[bool] = True
    logits_only: ClassVar[bool] = True
    recommended: ClassVar[Mapping[str, Any]] = {
        "method": {"name": "soft_targets", "temperature": 1.0, "teacher_weight": 1.0, "label_weight": 1.0},
        "optim.epochs": 40,
    }
    copies_layers: ClassVar[bool] = False
    stops_early: ClassVar[bool] = False
    abbreviation: ClassVar[str] = "FedMD"
    source: ClassVar[str] = "Li, Wang 2019 (FedMD); Lin et al. 2020 (FedDF)"

    name: Literal["federated"] = "federated"
    clients: int = setting(5, title="Clients", description="Each with private data of its own.", ge=2, le=20)
    alpha: float = setting(
        0.3,
        title="Evenness of labels",
        description="Dirichlet's alpha: at .1 a client has hardly more than two classes, at 100 all have the same mix.",
        gt=0,
        le=1000,
        scale="log",
        log_from=0.01,
    )
    public: int = setting(
        2000,
        title="Public images",
        description="Without labels, known to all.",
        unit="images",
        ge=10,
        le=50000,
        scale="log",
    )
    average: Literal["probabilities", "logits"] = setting(
        "probabilities", title="What is averaged", description="The mean of what the clients say is taken of these."
    )
    head_start: int = setting(
        10,
        title="Rounds before",
        description="In these each client learns from its own data alone.",
        unit="epochs",
        ge=0,
        le=1000,
        scale="log",
    )
    own_steps: int = setting(
        20,
        title="Own steps a round",
        description="Steps of each client on its own data in a round.",
        ge=1,
        le=5000,
        scale="log",
    )

    def steps_per_epoch(self, plain: int, batch: int) -> int:
        """Return the steps of a round."""
        return self.own_steps + max(1, self.public // batch)

    @property
    def relative_cost(self) -> float:
        """Return one for the server, for each client and for its twin."""
        return 1.0 + 2 * self.clients

    def check_images(self, labelled: int, unlabelled: int) -> None:
        """Refuse fewer private images with a label than clients."""
        shared = min(self.public, (labelled + unlabelled) // 2)
        _check_private(labelled - max(0, shared - unlabelled), self.clients)

    def run(self, recipe: Recipe, context: ProtocolContext) -> Iterator[Event]:
        """Yield the events of the server's student; clients, twins and what was sent become notes."""
        splits = context.splits(recipe)
        labels = splits.train.labels.cpu()
        partition = dirichlet_partition(labels, self.clients, self.alpha, self.public, recipe.seed)
        recipes = [recipe, *self._clients(recipe), *self._clients(recipe)]
        trainer = FederatedTrainer([context.trainer(member, splits=splits) for member in recipes], self.clients)
        loader = FederatedLoader(self, recipe, splits.train, partition, trainer)
        accuracies: dict[int, float] = {}  # by lane; of one that broke, the last that it had
        for event in context.train(recipe, trainer, loader):
            if isinstance(event, EpochEnd):
                accuracies |= {lane: told.scores["test"].accuracy for lane, told in event.lanes.items()}
                if len(accuracies) == len(recipes):
                    yield Logged(event.epoch, self._round([accuracies[lane] for lane in range(len(recipes))], loader))
            if own := event.only(0):
                yield own

    def _clients(self, recipe: Recipe) -> list[Recipe]:
        networks = recipe.others or [recipe.student]
        return [
            recipe.model_copy(
                update={"student": networks[i % len(networks)], "seed": recipe.seed + SEED_STRIDE * (i + 1)}
            )
            for i in range(self.clients)
        ]

    def _round(self, accuracies: Sequence[float], loader: FederatedLoader) -> FederatedRound:
        train = loader.train
        labels = [torch.bincount(train.labels[own].cpu(), minlength=len(train.classes)).tolist() for own in loader.own]
        return FederatedRound(
            server=accuracies[0],
            clients=accuracies[1 : self.clients + 1],
            twins=accuracies[self.clients + 1 :],
            labels=labels,
            bytes_of_logits=loader.bytes_of_logits,
            bytes_of_weights=loader.bytes_of_weights,
        )


class FederatedTrainer(PeerTrainer):
    """The server's student, the clients, and their twins; lanes in that order.

    Args:
        members: trainers.
        clients: how many of them are clients.
    """

    def __init__(self, members: Sequence[Trainer], clients: int) -> None:
        super().__init__(members)
        self.clients = clients

    def training_step(self, images: Tensor, labels: Tensor, teacher: Outputs | None) -> dict[str, Tensor]:
        """Take a step: on public images (B, ...) towards the mean answer, or on private ones (clients, B, ...).

        Twins take no step on public images, the server none on private ones.
        """
        losses: list[dict[str, Tensor]] = [{} for _ in self.members]
        for lane, member in enumerate(self.members):
            client = (lane - 1) % self.clients
            if teacher is not None and lane <= self.clients:
                own, _ = member.forward(images, None)
                terms = member.method.terms(own, teacher, labels)
                losses[lane] = {"teacher": torch.stack([terms[name] for name in terms if name != "labels"]).sum()}
            elif teacher is None and lane > 0:
                own, _ = member.forward(images[client], None)
                losses[lane] = {"labels": member.method.terms(own, own, labels[client])["labels"]}
            if losses[lane] and self.progress.active[lane]:
                member.backward_and_step(losses[lane])
        nothing = images.new_zeros(())
        names = ("teacher", "labels")
        return {name: torch.stack([own.get(name, nothing).detach() for own in losses]) for name in names}

    def client_logits(self, images: Tensor) -> Tensor:
        """Return the clients' logits (clients, B, K) about public images, as they answer when they do not learn."""
        logits = []
        for member in self.members[1 : self.clients + 1]:
            member.network.eval()
            with torch.no_grad():
                logits.append(member.network(images).logits.float())
            member.network.train()
        return torch.stack(logits)


class FederatedLoader:
    """The batches of a round: public images with the clients' mean answer, then private ones.

    Args:
        settings: of the protocol.
        recipe: for batch and seed.
        train: all training images.
        partition: positions of the public images, then of each client's own.
        members: who is asked about the public images.
    """

    def __init__(
        self, settings: Federated, recipe: Recipe, train: Split, partition: Sequence[Tensor], members: FederatedTrainer
    ) -> None:
        self.recipe, self.train, self.members = recipe, train, members
        device = train.images.device
        self.public, *self.own = (positions.to(device) for positions in partition)
        self.own_steps, self.average, self.head_start = settings.own_steps, settings.average, settings.head_start
        batch = recipe.optim.batch
        self.public_steps = max(1, len(self.public) // batch)
        self.steps = self.public_steps + self.own_steps
        classes = len(train.classes)
        # Each client sends its logits and gets the mean back; with weights it would send and get all parameters.
        self.bytes_of_logits = 2 * settings.clients * len(self.public) * classes * BYTES_OF_NUMBER
        clients = members.members[1 : settings.clients + 1]
        parameters = [sum(values.numel() for values in client.network.parameters()) for client in clients]
        self.bytes_of_weights = 2 * sum(parameters) * BYTES_OF_NUMBER

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor, Outputs | None]]:
        """Yield public images with the mean answer, then (clients, B, ...) private images with their labels."""
        if epoch >= self.head_start:
            yield from self._public(epoch)
        batch = self.recipe.optim.batch
        draws = make_generator(self.recipe.seed, "private", epoch)
        for _ in range(self.own_steps):
            picked = [own[torch.randint(len(own), (batch,), generator=draws)] for own in self.own]
            images = torch.stack([self.train.normalised(index) for index in picked])
            yield images, torch.stack([self.train.labels[index] for index in picked]), None

    def _public(self, epoch: int) -> Iterator[tuple[Tensor, Tensor, Outputs]]:
        """Yield the public images with what the clients say of them at the beginning of the round."""
        batch, seed = self.recipe.optim.batch, self.recipe.seed
        order = self.public[torch.randperm(len(self.public), generator=make_generator(seed, "public", epoch))]
        mean = torch.cat([self._mean(order[i : i + 512]) for i in range(0, len(order), 512)])
        withheld = torch.full((batch,), -1, device=order.device)
        for step in range(self.public_steps):
            here = slice(step * batch, (step + 1) * batch)
            index = order[here]
            yield self.train.normalised(index), withheld[: len(index)], Outputs(mean[here])

    def _mean(self, index: Tensor) -> Tensor:
        """Return the clients' mean logits, or logits whose probabilities are the mean of theirs.

        A client whose numbers broke is not heard.
        """
        logits = self.members.client_logits(self.train.normalised(index))
        sound = logits.isfinite().all((1, 2))
        logits = logits[sound] if bool(sound.any()) else logits
        return logits.mean(0) if self.average == "logits" else soften(logits).mean(0).clamp(min=1e-12).log()


def dirichlet_partition(labels: Tensor, clients: int, alpha: float, public: int, seed: int) -> list[Tensor]:
    """Deal images out: some to everybody, without their labels, the others to clients, class by class by Dirichlet.

    Args:
        labels: (N,), -1 where withheld; those images can only be public.
        clients: how many.
        alpha: of the Dirichlet distribution over clients, drawn anew for each class (Hsu, Qi, Brown 2019).
        public: how many are public, at most half of all.
        seed: of the run.

    Returns:
        Positions: the public images, then each client's own, at least one each.

    Raises:
        InvalidSetting: fewer private images with a label than clients.
    """
    draws = np.random.default_rng(derive_seed(seed, "deal"))
    order = draws.permutation(len(labels))
    told = labels.numpy()[order] >= 0
    shared = min(public, len(labels) // 2)
    order = np.concatenate([order[~told], order[told]])  # what has no label is of no use to a client
    common, private = order[:shared], order[shared:]
    private = private[labels.numpy()[private] >= 0]
    _check_private(len(private), clients)
    owners: list[list[int]] = [[] for _ in range(clients)]
    for of_class in (private[labels.numpy()[private] == c] for c in np.unique(labels.numpy()[private])):
        cuts = (np.cumsum(draws.dirichlet([alpha] * clients))[:-1] * len(of_class)).round().astype(int)
        for owner, part in zip(owners, np.split(of_class, cuts), strict=True):
            owner.extend(part.tolist())
    for owner in owners:
        if not owner:  # nobody goes away empty-handed
            owner.append(max(owners, key=len).pop())
    return [torch.from_numpy(np.ascontiguousarray(common)), *(torch.tensor(sorted(owner)) for owner in owners)]


def _check_private(images: int, clients: int) -> None:
    if images < clients:
        words = "after the public images only {left} with a label are left for the clients."
        reason = Reason("few_private", words, left=images)
        raise InvalidSetting(path="protocol.clients", value=clients, reason=reason)
