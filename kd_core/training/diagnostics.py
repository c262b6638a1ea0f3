"""Sights: what a single network tells of itself after an epoch beside its logits: its exits, and pictures."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from kd_core.datasets import Split, Splits
from kd_core.events import EpochDone, Logged
from kd_core.functional import is_gradient_epoch
from kd_core.networks import EarlyExits, Network
from kd_core.training.trainer import Trainer

SHOWN = 12
TIMED_IMAGES, TIMED_CALLS, WARM_CALLS = 1, 60, 10


def diagnostics(learner: Trainer, splits: Splits, teacher: Network | None, event: EpochDone) -> Iterator[Logged]:
    """Yield what there is to tell after an epoch; most networks have nothing."""
    epochs = learner.recipe.optim.epochs
    if event.epoch == 0 and learner.recipe.start != "scratch":
        yield Logged("copied", 0, copied_facts(learner))
    if isinstance(learner.auxiliary, EarlyExits):
        facts = exit_accuracies(learner, splits)
        if event.epoch == epochs - 1:
            facts["latency_ms"] = exit_latencies(learner, splits.test)
        yield Logged("exits", event.epoch, facts)
    if is_gradient_epoch(event.epoch, epochs) and (found := _pictures(learner, splits.test, teacher)):
        yield Logged("pictures", event.epoch, {"names": sorted(found)}, found)


def copied_facts(learner: Trainer) -> dict[str, Any]:
    """Return which of the teacher's tensors fitted, and how many of the network's numbers they are."""
    every = learner.network.state_dict()
    numbers = sum(every[name].numel() for name in learner.copied)
    return {"tensors": learner.copied, "numbers": numbers, "of": sum(one.numel() for one in every.values())}


@torch.no_grad()
def exit_accuracies(learner: Trainer, splits: Splits) -> dict[str, Any]:
    """Return the accuracy of every exit, and of the end, on validation and test, in the order of depth."""
    learner.network.eval()
    assert learner.auxiliary is not None  # it has exits
    told: dict[str, Any] = {}
    for part, split in (("validation", splits.validation), ("test", splits.test)):
        right: dict[str, int] = {}
        for start in range(0, len(split), 512):
            here = slice(start, start + 512)
            said, _ = learner.auxiliary(learner.network(split.normalised(here)), None)
            for depth, logits in [*said.heads.items(), ("end", said.logits)]:
                right[depth] = right.get(depth, 0) + int((logits.argmax(-1) == split.labels[here]).sum())
        told["exits"] = list(right)
        told[part] = [count / max(1, len(split)) for count in right.values()]
    return told


@torch.no_grad()
def exit_latencies(learner: Trainer, split: Split) -> list[float]:
    """Return the median milliseconds for one image to leave at every exit, and at the end, measured in turn."""
    learner.network.eval()
    auxiliary = learner.auxiliary
    assert isinstance(auxiliary, EarlyExits)
    image = split.normalised(slice(0, TIMED_IMAGES))
    ways = [*auxiliary.adapters, "end"]
    took: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(WARM_CALLS + TIMED_CALLS):
        for way in ways:
            began = time.perf_counter()
            _leave(learner.network, auxiliary, way, image)
            if image.device.type == "cuda":
                torch.cuda.synchronize(image.device)
            took[way].append(1000 * (time.perf_counter() - began))
    return [statistics.median(took[way][WARM_CALLS:]) for way in ways]


def _leave(network: Network, auxiliary: EarlyExits, way: str, image: Tensor) -> Tensor:
    """Return the logits at one exit, computing nothing beyond it."""
    return network(image).logits if way == "end" else auxiliary.exit(way, network.forward_until(way, image))[1]


@torch.no_grad()
def _pictures(learner: Trainer, test: Split, teacher: Network | None) -> dict[str, Tensor]:
    learner.network.eval()
    few = test.normalised(slice(0, SHOWN))
    if not learner.method.needs:
        return {}
    said = learner.network(few)
    heard = None if teacher is None else teacher.eval()(few)
    found = learner.method.pictures(said, heard)
    return {name: (picture.float() * 255).round().byte().cpu() for name, picture in found.items()}
