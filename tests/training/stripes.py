"""Striped images of four classes, small recipes on them, and what their training tells."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from kd_core.datasets import Split, Splits
from kd_core.events import EpochEnd, Event, Finished, LaneEpoch, Started
from kd_core.functional.seeding import seeded
from kd_core.networks import Network
from kd_core.recipe import Recipe
from kd_core.training.loop import fit

CLASSES = ("north", "east", "south", "west")
MLP: dict[str, Any] = {"name": "mlp", "widths": [16]}
CONVNET: dict[str, Any] = {"name": "convnet", "channels": [4], "fc": 8, "batch_norm": True}
CONVNET_WITH_DROPOUT = CONVNET | {"dropout": 0.5}


def stripes(count: int, seed: int) -> Split:
    """Return 8 x 8 images with noise, brighter on the side that the label names."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 4
    images = torch.randint(0, 120, (count, 1, 8, 8), generator=random)
    for label in range(4):
        side = torch.zeros(8, 8)
        side[:2] = 100
        images[labels == label] += side.rot90(label).long()
    return Split(images.to(torch.uint8), labels, CLASSES, (0.3,), (0.25,))


SPLITS = Splits(train=stripes(84, seed=0), validation=stripes(40, seed=1), test=stripes(60, seed=2))
BATCHES = math.ceil(84 / 16)


def recipe(student: Mapping[str, Any] = MLP, **changes: Any) -> Recipe:
    """Return a distilled student's recipe; ``__`` in a keyword stands for the dot of a path."""
    values = {
        "data": {"source": "digits"},
        "student": student,
        "method": "soft_targets",
        "optim": {"batch": 16, "epochs": 3, "lr": 0.01},
        "teacher": {"data": {"source": "digits"}, "student": CONVNET},
    }
    return Recipe.from_json(values).changed({path.replace("__", "."): value for path, value in changes.items()})


def a_teacher(student: Mapping[str, Any] = CONVNET) -> Network:
    """Return a network with weights and batch statistics of its own."""
    with seeded(99, "teacher"):
        network = recipe(student).student.build((1, 8, 8), 4)
        network.train()(torch.randn(32, 1, 8, 8))
    return network.eval()


def trained(
    wanted: Recipe, teacher: Network | None = None, checkpoint: Mapping[str, Tensor] | None = None
) -> list[Event]:
    """Return all events of a recipe's training on ``SPLITS``."""
    return list(fit(wanted, SPLITS, teacher, checkpoint))


def ends_of(events: Iterable[Event]) -> list[EpochEnd]:
    """Return the events at the end of every epoch."""
    return [event for event in events if isinstance(event, EpochEnd)]


def epochs_of(events: Iterable[Event], lane: int = 0) -> list[LaneEpoch]:
    """Return every epoch of one lane."""
    return [event.lanes[lane] for event in ends_of(events) if lane in event.lanes]


def checkpoints_of(events: Iterable[Event]) -> dict[int, dict[str, Tensor]]:
    """Return what each epoch of a running loop would keep, by epoch."""
    return {event.epoch: event.state_dict() for event in events if isinstance(event, EpochEnd)}


def end_of(events: list[Event]) -> Finished:
    """Return the last event, which tells a good end."""
    assert isinstance(events[-1], Finished)
    return events[-1]


def same(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> bool:
    """Tell whether two sets of tensors are equal bit for bit."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def assert_resumes(wanted: Recipe, after: int) -> None:
    """Check that a run that goes on after an epoch equals one that was never interrupted, bit for bit."""
    whole, checkpoints = [], {}
    for event in fit(wanted, SPLITS, a_teacher()):
        whole.append(event)
        if isinstance(event, EpochEnd):
            checkpoints[event.epoch] = event.state_dict()
    rest = trained(wanted, a_teacher(), checkpoints[after])
    assert isinstance(rest[0], Started) and rest[0].epoch == after + 1
    for event, again in zip(ends_of(whole)[after + 1 :], ends_of(rest), strict=True):
        first, second = event.lanes[0], again.lanes[0]
        assert event.epoch == again.epoch and first.losses == second.losses
        assert (first.schedule_values, first.scores) == (second.schedule_values, second.scores)
        assert same(event.logits, again.logits)
    assert same(end_of(whole).weights, end_of(rest).weights)
