"""Diagnostics: what a single network tells of itself after an epoch beside its logits: its exits, and pictures."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from kd_core.compute import synchronize
from kd_core.datasets import Split, Splits
from kd_core.events import Logged
from kd_core.functional import is_gradient_epoch
from kd_core.networks import EarlyExits, Network
from kd_core.notes import AttentionMaps, CopiedLayers, ExitAccuracies
from kd_core.outputs import Outputs
from kd_core.training.evaluator import eval_splits
from kd_core.training.predict import predict_outputs
from kd_core.training.trainer import Trainer

SHOWN = 12
TIMED_IMAGES, TIMED_CALLS, WARM_CALLS = 1, 60, 10


def diagnostics(trainer: Trainer, splits: Splits, teacher: Network | None, epoch: int) -> Iterator[Logged]:
    """Yield what there is to tell after an epoch; most networks have nothing."""
    epochs = trainer.recipe.optim.epochs
    if epoch == 0 and trainer.recipe.start != "scratch":
        yield Logged(0, copied_layers(trainer))
    if isinstance(trainer.auxiliary, EarlyExits):
        timed = exit_latencies(trainer, splits.test) if epoch == epochs - 1 else None
        yield Logged(epoch, exit_accuracies(trainer, splits, timed))
    if is_gradient_epoch(epoch, epochs) and (maps := _attention_maps(trainer, splits.test, teacher)):
        yield Logged(epoch, AttentionMaps(sorted(maps)), maps)


def copied_layers(trainer: Trainer) -> CopiedLayers:
    """Return which of the teacher's tensors fitted, and how many of the network's numbers they are."""
    tensors = trainer.network.state_dict()
    copied = trainer.initialised_from_teacher
    numbers = sum(tensors[name].numel() for name in copied)
    return CopiedLayers(copied, numbers, sum(tensor.numel() for tensor in tensors.values()))


def exit_accuracies(trainer: Trainer, splits: Splits, latency_ms: list[float] | None = None) -> ExitAccuracies:
    """Return the accuracy of every exit, and of the end, on validation and test, in the order of depth."""
    exits: list[str] = []
    accuracies: dict[str, list[float]] = {}
    for name, split in eval_splits(splits).items():
        outputs = predict_outputs(_WithExits(trainer), split)
        logits = {**outputs.heads, "end": outputs.logits}
        exits = list(logits)
        accuracies[name] = [
            int((values.argmax(-1) == split.labels).sum()) / max(1, len(split)) for values in logits.values()
        ]
    return ExitAccuracies(exits, accuracies["validation"], accuracies["test"], latency_ms)


class _WithExits(nn.Module):
    """A trainer's network with the heads of its exits, as predictions need it."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self.network, self.exits = trainer.network, trainer.auxiliary

    def forward(self, images: Tensor) -> Outputs:
        """Return the logits of the end, and those of every exit as heads."""
        assert self.exits is not None  # asked for networks with exits alone
        outputs: Outputs = self.exits(self.network(images), None)[0]
        return outputs


@torch.no_grad()
def exit_latencies(trainer: Trainer, split: Split) -> list[float]:
    """Return the median milliseconds for one image to leave at every exit, and at the end, measured in turn."""
    trainer.network.eval()
    exits = trainer.auxiliary
    assert isinstance(exits, EarlyExits)
    image = split.normalised(slice(0, TIMED_IMAGES))
    ways = [*exits.adapters, "end"]
    took: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(WARM_CALLS + TIMED_CALLS):
        for way in ways:
            began = time.perf_counter()
            _leave(trainer.network, exits, way, image)
            synchronize(image.device)
            took[way].append(1000 * (time.perf_counter() - began))
    return [statistics.median(took[way][WARM_CALLS:]) for way in ways]


def _leave(network: Network, exits: EarlyExits, way: str, image: Tensor) -> Tensor:
    """Return the logits at one exit, computing nothing beyond it."""
    return network(image).logits if way == "end" else exits.exit(way, network.forward_until(way, image))[1]


@torch.no_grad()
def _attention_maps(trainer: Trainer, test: Split, teacher: Network | None) -> dict[str, Tensor]:
    trainer.network.eval()
    images = test.normalised(slice(0, SHOWN))
    if not trainer.method.needs:
        return {}
    student_outputs = trainer.network(images)
    teacher_outputs = None if teacher is None else teacher.eval()(images)
    pictures = trainer.method.pictures(student_outputs, teacher_outputs)
    return {name: (picture.float() * 255).round().byte().cpu() for name, picture in pictures.items()}
