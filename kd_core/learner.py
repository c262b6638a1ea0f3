"""Learner: what changes while training, and how it is kept and brought back."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from kd_core.datasets import Split
from kd_core.metrics import Scores
from kd_core.networks import Network, seed_dropout
from kd_core.outputs import Outputs
from kd_core.randomness import generator, seeded
from kd_core.recipe import Optim, Recipe


class Learner:
    """The network, its bridge, the optimiser, and the best epoch so far.

    Args:
        recipe: which network, how optimised, from which seed.
        train: images of the right shape, on the device on which to train.
        teacher: for a method whose bridge must know what the teacher's features look like.
    """

    def __init__(self, recipe: Recipe, train: Split, teacher: Network | None) -> None:
        self.seed, self.patience = recipe.seed, recipe.optim.patience
        self.device = train.images.device
        with seeded(recipe.seed, "initialisation"):
            self.network = recipe.student.build(train.shape, len(train.classes)).to(self.device)
            self.bridge = self._bridge(recipe, train, teacher)
        learned = [*self.network.parameters(), *(self.bridge.parameters() if self.bridge else [])]
        self.optimiser = build_optimiser(learned, recipe.optim)
        self.epoch = 0
        self.best_epoch = -1
        self.best_marks = (-1.0, 0.0)
        self.best: dict[str, Tensor] = {}

    def _bridge(self, recipe: Recipe, train: Split, teacher: Network | None) -> nn.Module | None:
        if teacher is None:
            return None
        few = train.inputs(slice(0, 2))
        self.network.eval()
        teacher.eval()  # in training mode one look would already move its batch statistics
        with torch.no_grad():
            bridge = recipe.method.bridge(self.network(few), teacher(few))
        return bridge and bridge.to(self.device)

    @property
    def out_of_patience(self) -> bool:
        """Tell whether early stopping says that it is enough."""
        return self.patience is not None and self.epoch - 1 - self.best_epoch >= self.patience

    def begin_epoch(self, epoch: int, lr: float) -> None:
        """Go into training mode with this epoch's learning rate and dropout masks."""
        self.network.train()
        for group in self.optimiser.param_groups:
            group["lr"] = lr
        seed_dropout(self.network, generator(self.seed, "dropout", epoch, device=self.device))

    def answers(self, images: Tensor, teacher: Outputs | None) -> tuple[Outputs, Outputs | None]:
        """Return what the student says of ``images`` (B, C, H, W), beside the teacher, both after the bridge."""
        student = self.network(images)
        if self.bridge is None or teacher is None:
            return student, teacher
        crossed: tuple[Outputs, Outputs] = self.bridge(student, teacher)
        return crossed

    def step(self, terms: Mapping[str, Tensor]) -> None:
        """Move every learned number a little, so that the sum of the terms falls."""
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()

    def end_epoch(self, epoch: int, marks: Scores) -> None:
        """Count the epoch, and keep the weights if validation never was better (ties: lower NLL)."""
        self.epoch = epoch + 1
        if self.patience is not None and (marks.accuracy, -marks.nll) > self.best_marks:
            self.best_epoch, self.best_marks = epoch, (marks.accuracy, -marks.nll)
            self.best = _copied(self.network.state_dict())

    def reported(self) -> tuple[dict[str, Tensor], int]:
        """Return the weights to report and their epoch: the best with early stopping, else the last."""
        if self.patience is not None and self.best:
            return _copied(self.best), self.best_epoch
        return _copied(self.network.state_dict()), self.epoch - 1

    def snapshot(self) -> dict[str, Tensor]:
        """Return all that is needed to go on from the end of this epoch, by name, on the CPU."""
        flat = {
            "progress": torch.tensor([self.epoch, self.best_epoch, *self.best_marks], dtype=torch.float64),
            **_prefixed("network", self.network.state_dict()),
            **_prefixed("best", self.best),
            **_prefixed("bridge", self.bridge.state_dict() if self.bridge else {}),
        }
        for number, values in self.optimiser.state_dict()["state"].items():
            known = {name: torch.as_tensor(value) for name, value in values.items() if value is not None}
            flat |= _prefixed(f"optimiser/{number}", known)
        return _copied(flat)

    def restore(self, flat: Mapping[str, Tensor]) -> None:
        """Go on from a snapshot."""
        epoch, best_epoch, *marks = flat["progress"].tolist()
        self.epoch, self.best_epoch, self.best_marks = int(epoch), int(best_epoch), (marks[0], marks[1])
        self.network.load_state_dict(_below("network", flat))
        self.best = _below("best", flat)
        if self.bridge:
            self.bridge.load_state_dict(_below("bridge", flat))
        state = self.optimiser.state_dict()
        numbers = {int(name.split("/")[1]) for name in flat if name.startswith("optimiser/")}
        state["state"] = {number: _below(f"optimiser/{number}", flat) for number in numbers}
        self.optimiser.load_state_dict(state)


def build_optimiser(parameters: list[nn.Parameter], optim: Optim) -> torch.optim.Optimizer:
    """Return the optimiser that ``optim`` describes."""
    if optim.algorithm == "sgd":
        return torch.optim.SGD(
            parameters, lr=optim.lr, momentum=optim.momentum, weight_decay=optim.weight_decay, fused=True
        )
    kind = torch.optim.Adam if optim.algorithm == "adam" else torch.optim.AdamW
    return kind(parameters, lr=optim.lr, weight_decay=optim.weight_decay, fused=True)


def _copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def _prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def _below(prefix: str, flat: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}/"
    return {name.removeprefix(start): tensor for name, tensor in flat.items() if name.startswith(start)}
