"""The trainer of lanes: many compatible networks, seeds by settings, each step taken by all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

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
from kd_core.training import Evaluator, Progress, eval_splits, scheduled_values, train
from kd_core.training.lanes.batches import lane_loader
from kd_core.training.lanes.layers import LaneDropout, activations_per_image, convert_layers
from kd_core.training.lanes.optimizer import build_lane_optimizer

Grid = Sequence[Sequence[Recipe]]
"""Recipes by seed and setting; lane ``seed * settings + setting`` is theirs."""
PREDICTED_ACTIVATIONS = 2**22
"""Activations held at once when all lanes predict a split."""


def fit_lanes(
    recipes: Grid,
    splits: Sequence[Splits],
    teachers: Sequence[Network | None],
    checkpoint: Mapping[str, Tensor] | None = None,
    teacher_outputs: Sequence[Outputs | None] | None = None,
    measure_gradients: bool = True,
) -> Iterator[Event]:
    """Train every recipe of a grid in one loop; close the generator to stop.

    Args:
        recipes: of one ``lane_key``; every seed has the same settings.
        splits: by seed, prepared without label noise, equally long.
        teachers: by seed.
        checkpoint: what an earlier ``EpochEnd.state_dict()`` returned.
        teacher_outputs: by seed, on all training images, where they were cached before; else they are now.
        measure_gradients: whether to measure now and then how strongly each term pulls.

    Yields:
        What ``fit`` yields, each event about all lanes or naming its own.
    """
    trainer = LaneTrainer(recipes, splits, measure_gradients)
    if checkpoint:
        trainer.load_state_dict(checkpoint)
    loader = lane_loader(recipes, splits, teachers, teacher_outputs)
    yield from train(trainer, loader, _evaluator(splits, len(recipes[0])), recipes[0][0].optim.epochs)


class LaneTrainer:
    """S x M copies of one architecture, their optimizer, and the best epoch of each so far.

    A lane is one of many networks trained by one ``torch.func.vmap``. Lanes of one seed begin with the same weights and
    see the same batches; they differ in the method's numbers, label noise, learning rate and weight decay. Parameters
    are stacked (S, M, ...).

    Args:
        recipes: by seed and setting.
        splits: by seed.
        measure_gradients: whether to measure now and then how strongly each term pulls.
    """

    def __init__(self, recipes: Grid, splits: Sequence[Splits], measure_gradients: bool = True) -> None:
        self.recipes, self.splits, self.measure_gradients = recipes, splits, measure_gradients
        self.flat = [recipe for row in recipes for recipe in row]
        self.shape = (len(recipes), len(recipes[0]))
        self.device = splits[0].train.images.device
        fresh = [self._fresh(row[0], own.train) for row, own in zip(recipes, splits, strict=True)]
        self.network = convert_layers(fresh[0])
        by_seed = [dict(network.named_parameters()) for network in fresh]
        self.parameters = {name: self._stacked([own[name] for own in by_seed]) for name in by_seed[0]}
        optims = [recipe.optim for recipe in self.flat]
        self.optimizer = build_lane_optimizer(list(self.parameters.values()), optims, self.shape)
        self.dtype = next(iter(self.parameters.values())).dtype
        self.activations = activations_per_image(self.network, splits[0].train)
        layers = self.network.named_modules()
        self.dropouts = {name: layer for name, layer in layers if isinstance(layer, LaneDropout)}
        self.mask_generators: list[torch.Generator] = []
        self.method = self.flat[0].method
        self.method_values: dict[str, Tensor] = {}
        self.progress = Progress(self.flat[0].optim.patience, len(self.flat))
        self.best_weights: dict[str, Tensor] = {}
        self._schedule_values: list[dict[str, float]] = []
        self._gradient_shares: dict[str, Tensor] = {}
        self._measure_now = False

    def on_epoch_start(self, epoch: int) -> None:
        """Go into training mode with what applies to each lane in this epoch."""
        accuracies = self.progress.val_accuracy
        self._schedule_values = [
            scheduled_values(recipe, epoch, accuracy) for recipe, accuracy in zip(self.flat, accuracies, strict=True)
        ]
        self._gradient_shares = {}
        self._measure_now = self.measure_gradients and is_gradient_epoch(epoch, self.flat[0].optim.epochs)
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self._by_lane("lr") if isinstance(group["lr"], Tensor) else self._schedule_values[0]["lr"]
        self.method, self.method_values = self.flat[0].in_epoch(epoch).method, self._method_values()
        self.mask_generators = [
            make_generator(row[0].seed, "dropout", epoch, device=self.device) for row in self.recipes
        ]

    def training_step(self, images: Tensor, labels: Tensor, teacher: Outputs | None) -> dict[str, Tensor]:
        """Take one step of every lane on images (S, B, C, H, W); return each weighted loss term, (L,)."""
        logits = None if teacher is None else teacher.logits
        masks, method_values = self._drawn_masks(len(images[0])), self.method_values
        parameters: dict[str, Tensor] = dict(self.parameters)
        lanes = self._losses_of_lane
        if self.shape[1] > 1:
            by_setting = 1 if labels.dim() == 3 else None
            lanes = vmap(lanes, in_dims=(0, None, None, by_setting, None, 0))
        else:  # seeds alone: one level of lanes is enough, and every level costs
            parameters = {name: values.squeeze(1) for name, values in parameters.items()}
            method_values = {name: values.squeeze(1) for name, values in method_values.items()}
        seeds = vmap(lanes, in_dims=(0, 0, 0, 0, None if logits is None else 0, 0))
        losses = seeds(parameters, masks, images, labels, logits, method_values)
        self._backward_and_step(losses)
        return {name: loss.reshape(-1) for name, loss in losses.items()}

    def _backward_and_step(self, losses: Mapping[str, Tensor]) -> None:
        if self._measure_now:
            self._gradient_shares = gradient_shares(losses, list(self.parameters.values()), len(self.flat))
            self._measure_now = False
        self.optimizer.zero_grad(set_to_none=True)
        torch.stack([loss.sum() for loss in losses.values()]).sum().backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    def schedule_values(self, lane: int) -> dict[str, float]:
        """Return what applies to a lane in this epoch."""
        return self._schedule_values[lane]

    def gradient_shares(self, lane: int) -> dict[str, float]:
        """Return each term's share of a lane's gradient at the beginning of this epoch, where that was measured."""
        return {name: float(share[lane]) for name, share in self._gradient_shares.items()}

    @torch.no_grad()
    def predict(self, split: str) -> Tensor:
        """Return every lane's logits (L, N, K) about "validation" or "test", on the CPU."""
        by_seed = [eval_splits(own)[split] for own in self.splits]
        shared = all(own.images.data_ptr() == by_seed[0].images.data_ptr() for own in by_seed)
        self.network.eval()
        predict = vmap(vmap(self._logits, in_dims=(0, None)), in_dims=(0, None if shared else 0))
        batch = max(32, PREDICTED_ACTIVATIONS // (len(self.flat) * self.activations))
        parts = []
        for start in range(0, len(by_seed[0]), batch):
            images = [own.normalised(slice(start, start + batch)) for own in (by_seed[:1] if shared else by_seed)]
            parts.append(predict(self.parameters, images[0] if shared else torch.stack(images)).float().cpu())
        return torch.cat(parts, dim=2).flatten(0, 1)

    def on_epoch_end(self, epoch: int, scores: Sequence[Scores]) -> None:
        """Count the epoch, and with early stopping keep the weights of lanes whose validation never was better."""
        improved = self.progress.end_epoch(epoch, scores)
        if self.progress.early_stopping.patience is None:
            return
        for name, values in self.parameters.items():
            kept = self.best_weights.setdefault(name, values.detach().flatten(0, 1).clone())
            kept[improved] = values.detach().flatten(0, 1)[improved]

    def selected_weights(self, lane: int) -> tuple[dict[str, Tensor], int]:
        """Return a lane's weights to report and their epoch: the best with early stopping, else the last."""
        if self.best_weights:
            best = {name: values[lane] for name, values in self.best_weights.items()}
            return to_cpu(best), self.progress.early_stopping.best_epoch[lane]
        last = {name: values.flatten(0, 1)[lane] for name, values in self.parameters.items()}
        return to_cpu(last), self.progress.epoch - 1

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that is needed to go on from the end of this epoch, by name, on the CPU."""
        weights = with_prefix("network", self.parameters) | with_prefix("best", self.best_weights)
        return to_cpu(self.progress.state_dict() | weights | optimizer_state(self.optimizer))

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from ``state_dict``."""
        self.progress.load_state_dict(tensors)
        self.best_weights = under_prefix("best", tensors)
        with torch.no_grad():
            for name, values in under_prefix("network", tensors).items():
                self.parameters[name].copy_(values)
        load_optimizer_state(self.optimizer, tensors)

    def _fresh(self, recipe: Recipe, train: Split) -> Network:
        with seeded(recipe.seed, "initialisation"):
            return recipe.build(train.shape, len(train.classes)).to(self.device)

    def _stacked(self, by_seed: Sequence[Tensor]) -> nn.Parameter:
        """Return (S, M, ...): every setting begins with its seed's weights."""
        stacked = torch.stack([values.detach() for values in by_seed]).unsqueeze(1)
        return nn.Parameter(stacked.expand(*self.shape, *stacked.shape[2:]).clone())

    def _losses_of_lane(
        self,
        parameters: Mapping[str, Tensor],
        masks: Mapping[str, Tensor],
        images: Tensor,
        labels: Tensor,
        teacher_logits: Tensor | None,
        method_values: Mapping[str, Tensor],
    ) -> dict[str, Tensor]:
        """Return one lane's loss terms; ``vmap`` makes it all lanes'."""
        for layer in self.dropouts.values():
            layer.asked = 0
        student = functional_call(self.network, {**parameters, **masks}, (images,))
        method = self.method.with_tensors(**method_values)
        return method.terms(student, None if teacher_logits is None else Outputs(teacher_logits), labels)

    def _logits(self, parameters: Mapping[str, Tensor], images: Tensor) -> Tensor:
        outputs: Outputs = functional_call(self.network, dict(parameters), (images,))
        return outputs.logits

    def _method_values(self) -> dict[str, Tensor]:
        """Return (S, M) values of the method's settings that differ between lanes or move over time."""
        names = lane_fields(type(self.flat[0].method)) & self._schedule_values[0].keys()
        return {name: self._by_lane(name) for name in sorted(names)}

    def _by_lane(self, name: str) -> Tensor:
        values = [of_lane[name] for of_lane in self._schedule_values]
        return torch.tensor(values, dtype=self.dtype, device=self.device).reshape(self.shape)

    def _drawn_masks(self, batch: int) -> dict[str, Tensor]:
        """Return by layer (S, B, ...) masks, drawn as a single network of each seed would draw them."""
        masks = {}
        for name, layer in self.dropouts.items():
            for number, shape in enumerate(layer.shapes):
                size = (batch, *shape)
                draws = [
                    torch.rand(size, generator=generator, device=self.device, dtype=self.dtype)
                    for generator in self.mask_generators
                ]
                masks[f"{name}.kept{number}"] = torch.stack(draws) >= layer.rate
        return masks


def _evaluator(splits: Sequence[Splits], settings: int) -> Evaluator:
    """Return the evaluator of all lanes: validation depends on the seed, the test split never varies."""
    validation = torch.stack([own.validation.labels for own in splits]).repeat_interleave(settings, 0)
    return Evaluator({"validation": validation, "test": splits[0].test.labels})
