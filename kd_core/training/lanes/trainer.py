"""Lanes: many compatible networks trained by one loop, seeds by settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from kd_core.datasets import Split, Splits
from kd_core.events import Event
from kd_core.functional import (
    Scores,
    gradient_shares,
    is_gradient_epoch,
    load_optimizer_state,
    make_generator,
    optimizer_state,
    seeded,
    to_cpu,
    under_prefix,
    with_prefix,
)
from kd_core.networks import Network
from kd_core.outputs import Outputs
from kd_core.recipe import Recipe
from kd_core.settings import lane_fields
from kd_core.training import (
    DistillationLoader,
    Evaluator,
    TeacherOutputs,
    cache_teacher_outputs,
    course,
    judged,
    scheduled_values,
)
from kd_core.training.lanes.batches import LaneLoader, _with_noise
from kd_core.training.lanes.layers import LaneDropout, activations_per_image, convert_layers
from kd_core.training.lanes.optimizer import build_lane_optimizer

Grid = Sequence[Sequence[Recipe]]
"""Recipes by seed and setting; lane ``seed * settings + setting`` is theirs."""


ASKED_NUMBERS = 2**22
"""Activations held at once when all lanes are asked about a split."""


def fit_lanes(
    recipes: Grid,
    splits: Sequence[Splits],
    teachers: Sequence[Network | None],
    snapshot: Mapping[str, Tensor] | None = None,
    heard: Sequence[TeacherOutputs | None] | None = None,
    looks: bool = True,
) -> Iterator[tuple[int, Event]]:
    """Train every recipe of a grid in one loop; close the generator to stop.

    Args:
        recipes: of one ``lane_key``; every seed has the same settings.
        splits: by seed, prepared without label noise, equally long.
        teachers: by seed.
        snapshot: what an earlier ``Together.snapshot()`` returned.
        heard: by seed, what the teachers said when they were asked before; else they are asked now.
        looks: whether to measure now and then how strongly each term pulls.

    Yields:
        What ``fit`` yields for each network, with its lane, and ``Together`` after every epoch.
    """
    learners = LaneTrainer(recipes, splits, looks)
    if snapshot:
        learners.restore(snapshot)
    noisy = [replace(one, train=_with_noise(one.train, row)) for one, row in zip(splits, recipes, strict=True)]
    if heard is None:
        asked = zip(recipes, splits, teachers, strict=True)
        heard = [None if who is None else cache_teacher_outputs(row[0], one, who) for row, one, who in asked]
    everybody = zip(recipes, noisy, teachers, heard, strict=True)
    lessons = [DistillationLoader(row[0], one.train, who, said) for row, one, who, said in everybody]
    yield from course(recipes[0][0], learners, LaneLoader(lessons), _judge(splits, heard, len(recipes[0])))


class LaneTrainer:
    """S x M copies of one architecture, their optimiser, and the best epoch of each so far.

    Lanes of one seed begin with the same weights and see the same batches; they differ in the method's numbers, label
    noise, learning rate and weight decay. Parameters are stacked (S, M, ...).

    Args:
        recipes: by seed and setting.
        splits: by seed.
        looks: whether to measure now and then how strongly each term pulls.
    """

    def __init__(self, recipes: Grid, splits: Sequence[Splits], looks: bool = True) -> None:
        self.recipes, self.splits, self.looks = recipes, splits, looks
        self.pulls: dict[str, Tensor] = {}
        self.is_gradient_epoch = False
        self.flat = [recipe for row in recipes for recipe in row]
        self.shape = (len(recipes), len(recipes[0]))
        self.patience = self.flat[0].optim.patience
        self.device = splits[0].train.images.device
        fresh = [self._fresh(row[0], one.train) for row, one in zip(recipes, splits, strict=True)]
        self.network = convert_layers(fresh[0])
        states = [dict(one.named_parameters()) for one in fresh]
        self.parameters = {name: self._stacked([one[name] for one in states]) for name in states[0]}
        self.optimiser = build_lane_optimizer(
            list(self.parameters.values()), [one.optim for one in self.flat], self.shape
        )
        self.dtype = next(iter(self.parameters.values())).dtype
        self.activations_per_image = activations_per_image(self.network, splits[0].train)
        layers = self.network.named_modules()
        self.dropouts = {name: layer for name, layer in layers if isinstance(layer, LaneDropout)}
        self.masks: list[torch.Generator] = []
        self.moving: dict[str, Tensor] = {}
        self.values: list[dict[str, float]] = []
        self.going, self.broken = [True] * len(self.flat), [False] * len(self.flat)
        self.epoch = 0
        self.marks: list[list[float]] = [[] for _ in self.flat]
        self.best_epoch = [-1] * len(self.flat)
        self.best_marks = [(-1.0, 0.0)] * len(self.flat)
        self.best: dict[str, Tensor] = {}

    def begin_epoch(self, epoch: int) -> None:
        """Go into training mode with what applies to each lane in this epoch."""
        self.values = [scheduled_values(one, epoch, marks) for one, marks in zip(self.flat, self.marks, strict=True)]
        self.pulls, self.is_gradient_epoch = {}, self.looks and is_gradient_epoch(epoch, self.flat[0].optim.epochs)
        self.network.train()
        for group in self.optimiser.param_groups:
            group["lr"] = self._by_lane("lr") if isinstance(group["lr"], Tensor) else self.values[0]["lr"]
        self.moving = self._moving()
        self.masks = [make_generator(row[0].seed, "dropout", epoch, device=self.device) for row in self.recipes]

    def learn(self, images: Tensor, labels: Tensor, answer: Outputs | None) -> dict[str, Tensor]:
        """Take one step of every lane on images (S, B, C, H, W); return each weighted loss term, (L,)."""
        told = None if answer is None else answer.logits
        masks, moving = self._drawn_masks(len(images[0])), self.moving
        parameters: dict[str, Tensor] = dict(self.parameters)
        lanes = self._terms
        if self.shape[1] > 1:
            by_setting = 1 if labels.dim() == 3 else None
            lanes = vmap(lanes, in_dims=(0, None, None, by_setting, None, 0))
        else:  # seeds alone: one level of lanes is enough, and every level costs
            parameters = {name: values.squeeze(1) for name, values in parameters.items()}
            moving = {name: values.squeeze(1) for name, values in moving.items()}
        outer = vmap(lanes, in_dims=(0, 0, 0, 0, None if told is None else 0, 0))
        terms = outer(parameters, masks, images, labels, told, moving)
        if self.is_gradient_epoch:
            self.pulls, self.is_gradient_epoch = (
                gradient_shares(terms, list(self.parameters.values()), len(self.flat)),
                False,
            )
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack([term.sum() for term in terms.values()]).sum().backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return {name: term.reshape(-1) for name, term in terms.items()}

    def applied(self, lane: int) -> dict[str, float]:
        """Return what applies to a lane in this epoch."""
        return self.values[lane]

    def shares(self, lane: int) -> dict[str, float]:
        """Return how much each term of a lane pulled at the beginning of this epoch, where that was measured."""
        return {name: float(share[lane]) for name, share in self.pulls.items()}

    @torch.no_grad()
    def says(self, part: str) -> Tensor:
        """Return every lane's logits (L, N, K) about "validation" or "test", on the CPU."""
        own = [judged(one)[part] for one in self.splits]
        shared = all(one.images.data_ptr() == own[0].images.data_ptr() for one in own)
        self.network.eval()
        ask = vmap(vmap(self._logits, in_dims=(0, None)), in_dims=(0, None if shared else 0))
        step = max(32, ASKED_NUMBERS // (len(self.flat) * self.activations_per_image))
        answers = []
        for start in range(0, len(own[0]), step):
            images = [one.normalised(slice(start, start + step)) for one in (own[:1] if shared else own)]
            answers.append(ask(self.parameters, images[0] if shared else torch.stack(images)).float().cpu())
        return torch.cat(answers, dim=2).flatten(0, 1)

    def end_epoch(self, epoch: int, marks: Sequence[Scores]) -> None:
        """Count the epoch; with early stopping keep each lane's best weights and let go who has no patience left."""
        self.epoch = epoch + 1
        for own, mark in zip(self.marks, marks, strict=True):
            own.append(mark.accuracy)
        if self.patience is None:
            return
        better = []
        for lane, mark in enumerate(marks):
            rank = (mark.accuracy, -mark.nll)
            if self.going[lane] and rank > self.best_marks[lane]:
                self.best_epoch[lane], self.best_marks[lane] = epoch, rank
                better.append(lane)
        for name, values in self.parameters.items():
            kept = self.best.setdefault(name, values.detach().flatten(0, 1).clone())
            kept[better] = values.detach().flatten(0, 1)[better]
        self._heed_patience()

    def reported(self, lane: int) -> tuple[dict[str, Tensor], int]:
        """Return a lane's weights to report and their epoch: the best with early stopping, else the last."""
        if self.patience is not None and self.best:
            return to_cpu({name: values[lane] for name, values in self.best.items()}), self.best_epoch[lane]
        return to_cpu({name: values.flatten(0, 1)[lane] for name, values in self.parameters.items()}), self.epoch - 1

    def snapshot(self) -> dict[str, Tensor]:
        """Return all that is needed to go on from the end of this epoch, by name, on the CPU."""
        rows = zip(self.going, self.broken, self.best_epoch, *zip(*self.best_marks, strict=True), strict=True)
        progress = torch.tensor([[self.epoch, *row] for row in rows], dtype=torch.float64)
        flat = (
            with_prefix("network", self.parameters) | with_prefix("best", self.best) | optimizer_state(self.optimiser)
        )
        return to_cpu({"progress": progress, "marks": torch.tensor(self.marks, dtype=torch.float64), **flat})

    def restore(self, flat: Mapping[str, Tensor]) -> None:
        """Go on from a snapshot."""
        epochs, going, broken, best, accuracy, nll = flat["progress"].T.tolist()
        self.epoch, self.best_epoch = int(epochs[0]), [int(epoch) for epoch in best]
        self.going, self.broken = [bool(one) for one in going], [bool(one) for one in broken]
        self.best_marks = list(zip(accuracy, nll, strict=True))
        self.marks = flat["marks"].tolist() if "marks" in flat else [[] for _ in self.flat]
        self.best = under_prefix("best", flat)
        with torch.no_grad():
            for name, values in under_prefix("network", flat).items():
                self.parameters[name].copy_(values)
        load_optimizer_state(self.optimiser, flat)
        self._heed_patience()

    def _heed_patience(self) -> None:
        if self.patience is not None:
            for lane, best in enumerate(self.best_epoch):
                self.going[lane] = self.going[lane] and self.epoch - 1 - best < self.patience

    def _fresh(self, recipe: Recipe, train: Split) -> Network:
        with seeded(recipe.seed, "initialisation"):
            return recipe.build(train.shape, len(train.classes)).to(self.device)

    def _stacked(self, by_seed: Sequence[Tensor]) -> nn.Parameter:
        """Return (S, M, ...): every setting begins with its seed's weights."""
        every = torch.stack([values.detach() for values in by_seed]).unsqueeze(1)
        return nn.Parameter(every.expand(*self.shape, *every.shape[2:]).clone())

    def _terms(
        self,
        parameters: Mapping[str, Tensor],
        masks: Mapping[str, Tensor],
        images: Tensor,
        labels: Tensor,
        told: Tensor | None,
        values: Mapping[str, Tensor],
    ) -> dict[str, Tensor]:
        """Return one lane's loss terms; ``vmap`` makes it all lanes'."""
        for layer in self.dropouts.values():
            layer.asked = 0
        student = functional_call(self.network, {**parameters, **masks}, (images,))
        method = self.flat[0].method.with_tensors(**values)
        return method.terms(student, None if told is None else Outputs(told), labels)

    def _logits(self, parameters: Mapping[str, Tensor], images: Tensor) -> Tensor:
        answer: Outputs = functional_call(self.network, dict(parameters), (images,))
        return answer.logits

    def _moving(self) -> dict[str, Tensor]:
        """Return (S, M) values of the method's settings that differ between lanes or move over time."""
        names = lane_fields(type(self.flat[0].method)) & self.values[0].keys()
        return {name: self._by_lane(name) for name in sorted(names)}

    def _by_lane(self, name: str) -> Tensor:
        told = [values[name] for values in self.values]
        return torch.tensor(told, dtype=self.dtype, device=self.device).reshape(self.shape)

    def _drawn_masks(self, batch: int) -> dict[str, Tensor]:
        """Return by layer (S, B, ...) masks, drawn as a single network of each seed would draw them."""
        drawn = {}
        for name, layer in self.dropouts.items():
            for number, shape in enumerate(layer.shapes):
                size = (batch, *shape)
                draws = [torch.rand(size, generator=one, device=self.device, dtype=self.dtype) for one in self.masks]
                drawn[f"{name}.kept{number}"] = torch.stack(draws) >= layer.rate
        return drawn


def _judge(splits: Sequence[Splits], heard: Sequence[TeacherOutputs | None], settings: int) -> Evaluator:
    validation = torch.stack([one.validation.labels for one in splits]).repeat_interleave(settings, 0)
    known = [said.judged for said in heard if said is not None]
    says = {part: torch.stack([said[part] for said in known]) for part in ("validation", "test")} if known else {}
    return Evaluator({"validation": validation, "test": splits[0].test.labels}, says)
