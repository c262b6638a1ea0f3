"""Equality: how far a lane is from the same network trained by itself, and a cached teacher from a live one.

``python -m benchmarks.equality [--preset digits] [--seeds 5] [--data-root DIR]``
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from kd_core.datasets import Split, Splits, prepare
from kd_core.events import EpochEnd, Event, Finished
from kd_core.networks import Network
from kd_core.recipe import PRESETS, Recipe
from kd_core.training import DistillationLoader, Evaluator, Trainer, fit, train
from kd_core.training.lanes import fit_lanes

STEPS = 50
TEMPERATURES = (1.0, 4.0, 20.0)


class Precise(Split):
    """A split whose images are normalised in float64."""

    def normalised(self, index: Tensor | slice = slice(None)) -> Tensor:
        """Return float64 images."""
        return super().normalised(index).double()


def main() -> None:
    """Compare on real data and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path, default=os.environ.get("KD_DATA"), help="where MNIST lies (KD_DATA)")
    parser.add_argument("--preset", default="digits")
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    recipe = PRESETS[asked.preset].recipe
    told = {"preset": asked.preset, "seeds": asked.seeds, "temperatures": TEMPERATURES}
    told["float64"] = precisely(recipe, asked.data_root)
    told["float32"] = at_full_length(recipe, asked.seeds, asked.data_root)
    print(json.dumps(told, indent=1))


def precisely(recipe: Recipe, data_root: Path) -> dict[str, Any]:
    """Return the largest differences of test logits after ``STEPS`` steps in float64."""
    torch.set_default_dtype(torch.float64)
    try:
        splits = _splits(recipe, 0, data_root, Precise)
        steps = -(-len(splits.train) // recipe.optim.batch)
        short = recipe.changed({"optim.epochs": max(1, -(-STEPS // steps))})
        teacher = _taught(short, splits)
        alone = {t: _weights(fit(_at(short, t), splits, teacher)) for t in TEMPERATURES}
        lanes = _lanes([[_at(short, t) for t in TEMPERATURES]], [splits], [teacher])
        live = _weights(_fit_with_live_teacher(_at(short, 4.0), splits, teacher))
        apart = [_largest(short, splits, lanes[lane], alone[t]) for lane, t in enumerate(TEMPERATURES)]
        return {
            "steps": steps * short.optim.epochs,
            "lane_against_alone": max(apart),
            "cached_teacher_against_live": _largest(short, splits, live, alone[4.0]),
        }
    finally:
        torch.set_default_dtype(torch.float32)


def at_full_length(recipe: Recipe, seeds: int, data_root: Path) -> dict[str, Any]:
    """Return differences of test accuracy, in points, when everything is trained to its end in float32."""
    splits = [_splits(recipe, seed, data_root, Split) for seed in range(seeds)]
    teachers = [_taught(recipe.seeded(seed), one) for seed, one in enumerate(splits)]
    rows = [[_at(recipe, t).seeded(seed) for t in TEMPERATURES] for seed in range(seeds)]
    lanes = _accuracies(fit_lanes(rows, splits, teachers))
    alone, live = [], []
    for row, one, teacher in zip(rows, splits, teachers, strict=True):
        alone += [_accuracy(fit(each, one, teacher)) for each in row]
        live.append(_accuracy(_fit_with_live_teacher(row[1], one, teacher)))
    cached = alone[1 :: len(TEMPERATURES)]
    return {
        "lane_minus_alone_points": [round(100 * (a - b), 3) for a, b in zip(lanes, alone, strict=True)],
        "mean_lane_minus_alone_points": 100 * sum(a - b for a, b in zip(lanes, alone, strict=True)) / len(alone),
        "live_minus_cached_points": [round(100 * (a - b), 3) for a, b in zip(live, cached, strict=True)],
    }


def _splits(recipe: Recipe, seed: int, data_root: Path, kind: type[Split]) -> Splits:
    made = prepare(recipe.data, recipe.data.source.load(data_root), seed)
    parts = (made.train, made.validation, made.test)
    return Splits(*(kind(part.images, part.labels, part.classes, part.mean, part.sd) for part in parts))


def _taught(recipe: Recipe, splits: Splits) -> Network:
    """Return a teacher that has seen a few epochs: it need not be good to be the same for everybody."""
    assert recipe.teacher is not None
    weights = _weights(fit(recipe.teacher.changed({"optim.epochs": 3}), splits))
    return _network(recipe.teacher, splits, weights)


def _network(recipe: Recipe, splits: Splits, weights: dict[str, Tensor]) -> Network:
    network = recipe.student.build(splits.train.shape, len(splits.train.classes))
    network.load_state_dict(weights)
    return network.eval()


def _at(recipe: Recipe, temperature: float) -> Recipe:
    return recipe.changed({"method.temperature": temperature})


def _weights(events: Iterator[Event]) -> dict[str, Tensor]:
    *_, last = events
    assert isinstance(last, Finished)
    return dict(last.weights)


def _lanes(rows: list[list[Recipe]], splits: list[Splits], teachers: list[Network]) -> dict[int, dict[str, Tensor]]:
    events = fit_lanes(rows, splits, teachers)
    return {event.lane: dict(event.weights) for event in events if isinstance(event, Finished)}


def _fit_with_live_teacher(recipe: Recipe, splits: Splits, teacher: Network) -> Iterator[Event]:
    """Train with a teacher that is asked for every batch, where ``fit`` would ask it once."""
    loader = DistillationLoader(recipe, splits.train, teacher, cached=None)
    return train(Trainer(recipe, splits, teacher), loader, Evaluator.of(splits), recipe.optim.epochs)


def _accuracies(events: Iterator[Event]) -> list[float]:
    """Return every lane's test accuracy at its last epoch."""
    last: dict[int, float] = {}
    for event in events:
        if isinstance(event, EpochEnd):
            last |= {lane: epoch.scores["test"].accuracy for lane, epoch in event.lanes.items()}
    return [last[lane] for lane in sorted(last)]


def _accuracy(events: Iterator[Event]) -> float:
    return _accuracies(events)[0]


@torch.no_grad()
def _largest(recipe: Recipe, splits: Splits, one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    images = splits.test.normalised(slice(0, 2000))
    first, second = (_network(recipe, splits, weights)(images).logits for weights in (one, other))
    return float((first - second).abs().max())


if __name__ == "__main__":
    main()
