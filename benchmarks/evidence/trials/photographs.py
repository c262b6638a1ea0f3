"""The trial of the source text's own pair of figures, with photographs and a student of an eighth of the size."""

from __future__ import annotations

from benchmarks.evidence.rule import Measured
from benchmarks.evidence.trial_store import Trials
from benchmarks.evidence.trials.base import WAITING, Trial, TrialFunction, accuracy
from kd_core import Recipe
from kd_core.compute import cost


def source_pair(trials: Trials, seeds: int) -> Trial:
    """Close a part of the gap between a student and a teacher of eight times its size, on all of CIFAR-10."""
    source = trials.cifar10()
    optim = {"lr": 0.002, "lr_schedule": "cosine", "batch": 128, "epochs": 30}
    network = {"name": "convnet", "batch_norm": True}
    recipe = Recipe.from_json(
        {
            "data": {"source": source, "augmentation": "flip_crop"},
            "student": {**network, "channels": [12, 24, 48], "fc": 48},
            "method": {"name": "soft_targets", "temperature": 4, "teacher_weight": 0.9},
            "optim": optim,
            "teacher": {
                "data": {"source": source, "augmentation": "flip_crop"},
                "student": {**network, "channels": [32, 64, 128], "fc": 128},
                "optim": optim,
            },
        }
    )
    assert recipe.teacher is not None
    arms = {"teacher": recipe.teacher, "alone": recipe.baseline(), "distilled": recipe}
    found = trials.trained("pair", arms, seeds, by_seed=True)
    if not trials.complete:
        return WAITING
    figures = {arm: accuracy(trials, networks) for arm, networks in found.items()}
    triples = zip(*(figures[arm].values for arm in ("teacher", "alone", "distilled")), strict=True)
    closed = [100 * (distilled - alone) / (teacher - alone) for teacher, alone, distilled in triples]
    shape = trials.context.dataset(recipe).train.shape
    large, small = (cost(own.student.build(shape, 10), shape).parameters for own in (recipe.teacher, recipe))
    numbers = {"epochs": optim["epochs"], "teacher_size": f"{large:,}", "student_size": f"{small:,}"}
    return Trial(
        figures | {"closed": Measured(closed)},
        {**numbers, "ratio": f"{large / small:.1f}"},
        {"teacher": 30, "student": 30},
    )


PHOTOGRAPHS: dict[str, TrialFunction] = {"source-pair": source_pair}
