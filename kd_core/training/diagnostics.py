"""Sights: what a single network tells of itself after an epoch beside its logits: its exits, and pictures."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from kd_core.datasets import Split, Splits
from kd_core.events import EpochDone, Noted
from kd_core.functional import look_due
from kd_core.networks import Exits, Network
from kd_core.training.trainer import Learner

SHOWN = 12
TIMED_IMAGES, TIMED_CALLS, WARM_CALLS = 1, 60, 10


def sights(learner: Learner, splits: Splits, teacher: Network | None, event: EpochDone) -> Iterator[Noted]:
    """Yield what there is to tell after an epoch; most networks have nothing."""
    epochs = learner.recipe.optim.epochs
    if event.epoch == 0 and learner.recipe.start != "scratch":
        yield Noted("copied", 0, copied_facts(learner))
    if isinstance(learner.bridge, Exits):
        facts = exit_accuracies(learner, splits)
        if event.epoch == epochs - 1:
            facts["latency_ms"] = exit_latencies(learner, splits.test)
        yield Noted("exits", event.epoch, facts)
    if look_due(event.epoch, epochs) and (found := _pictures(learner, splits.test, teacher)):
        yield Noted("pictures", event.epoch, {"names": sorted(found)}, found)


def copied_facts(learner: Learner) -> dict[str, Any]:
    """Return which of the teacher's tensors fitted, and how many of the network's numbers they are."""
    every = learner.network.state_dict()
    numbers = sum(every[name].numel() for name in learner.copied)
    return {"tensors": learner.copied, "numbers": numbers, "of": sum(one.numel() for one in every.values())}


@torch.no_grad()
def exit_accuracies(learner: Learner, splits: Splits) -> dict[str, Any]:
    """Return the accuracy of every exit, and of the end, on validation and test, in the order of depth."""
    learner.network.eval()
    assert learner.bridge is not None  # it has exits
    told: dict[str, Any] = {}
    for part, split in (("validation", splits.validation), ("test", splits.test)):
        right: dict[str, int] = {}
        for start in range(0, len(split), 512):
            here = slice(start, start + 512)
            said, _ = learner.bridge(learner.network(split.inputs(here)), None)
            for depth, logits in [*said.heads.items(), ("end", said.logits)]:
                right[depth] = right.get(depth, 0) + int((logits.argmax(-1) == split.labels[here]).sum())
        told["exits"] = list(right)
        told[part] = [count / max(1, len(split)) for count in right.values()]
    return told


@torch.no_grad()
def exit_latencies(learner: Learner, split: Split) -> list[float]:
    """Return the median milliseconds for one image to leave at every exit, and at the end, measured in turn."""
    learner.network.eval()
    bridge = learner.bridge
    assert isinstance(bridge, Exits)
    image = split.inputs(slice(0, TIMED_IMAGES))
    ways = [*bridge.adapters, "end"]
    took: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(WARM_CALLS + TIMED_CALLS):
        for way in ways:
            began = time.perf_counter()
            _leave(learner.network, bridge, way, image)
            if image.device.type == "cuda":
                torch.cuda.synchronize(image.device)
            took[way].append(1000 * (time.perf_counter() - began))
    return [statistics.median(took[way][WARM_CALLS:]) for way in ways]


def _leave(network: Network, bridge: Exits, way: str, image: Tensor) -> Tensor:
    """Return the logits at one exit, computing nothing beyond it."""
    return network(image).logits if way == "end" else bridge.exit(way, network.until(way, image))[1]


@torch.no_grad()
def _pictures(learner: Learner, test: Split, teacher: Network | None) -> dict[str, Tensor]:
    learner.network.eval()
    few = test.inputs(slice(0, SHOWN))
    if not learner.method.needs:
        return {}
    said = learner.network(few)
    heard = None if teacher is None else teacher.eval()(few)
    found = learner.method.pictures(said, heard)
    return {name: (picture.float() * 255).round().byte().cpu() for name, picture in found.items()}
