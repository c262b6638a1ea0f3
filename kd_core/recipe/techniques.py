"""Techniques: what a method race compares by name, and what each changes in a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kd_core.errors import UnknownName
from kd_core.methods import METHODS
from kd_core.protocols import PROTOCOLS
from kd_core.settings import Settings, name_of
from kd_core.vocabulary import SOFT_TARGETS

BASELINES = ("labels_only", "offline")
"""In every race anyway."""


def technique_names() -> list[str]:
    """Return all names: methods, their variants as ``method:variant``, protocols, and tips beside soft targets."""
    methods = [name for name in METHODS if name not in BASELINES]
    variants = [f"{name}:{variant}" for name in methods for variant in METHODS[name].variants]
    return [*methods, *variants, *(name for name in PROTOCOLS if name not in BASELINES), *TIPS]


def technique_changes(name: str, method: Settings) -> dict[str, Any]:
    """Return what to change in a recipe, by path, so that it uses a technique as its source does.

    Network, batch, epochs and seeds stay: the budget is the same for all. Data and learning rate stay too, except for
    the tips that are about them.

    Args:
        name: one of ``technique_names()``.
        method: the recipe's own, which stays as it is set where it is the technique itself.

    Raises:
        UnknownName: there is no such technique.
    """
    base, _, variant = name.partition(":")
    if name not in technique_names():
        raise UnknownName(kind="technique", name=name, known=technique_names())
    if base in PROTOCOLS:
        return {"protocol": {"name": base}, **_without_budget(PROTOCOLS[base].recommended)}
    if base in TIPS:
        plain = {} if name_of(method) == SOFT_TARGETS else {"method": {"name": SOFT_TARGETS}}
        return {**plain, **TIPS[base].changes}
    changes: dict[str, Any] = {} if name == name_of(method) else {"method": {"name": base}}
    return {**changes, **METHODS[base].variants[variant]} if variant else changes


def _without_budget(recommended: Mapping[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in recommended.items() if not path.startswith("optim.")}


@dataclass(frozen=True)
class Tip:
    """A piece of advice; Chinese words in the catalogue under ``tips.<name>``.

    Args:
        title: a few words for a list.
        summary: what is done, why that might help, and what to look at.
        changes: the settings that follow it, by path, beside plain soft targets.
    """

    title: str
    summary: str
    changes: Mapping[str, Any]


TIPS: Final[Mapping[str, Tip]] = {
    "temperature_on_plateau": Tip(
        "Falling temperature",
        "The temperature is halved, down to 1, whenever the student's own validation accuracy has not risen for five "
        "epochs: soft answers first, sharper ones once nothing more is learnt from them.",
        {"schedules.temperature": {"name": "on_plateau", "factor": 0.5, "patience": 5, "limit": 1.0}},
    ),
    "weight_on_plateau": Tip(
        "Falling teacher weight",
        "The teacher's weight is halved, down to .1, whenever the student's own validation accuracy has not risen for "
        "five epochs; the labels' weight grows by as much, unless it is set by itself.",
        {"schedules.teacher_weight": {"name": "on_plateau", "factor": 0.5, "patience": 5, "limit": 0.1}},
    ),
    "copied_layers": Tip(
        "Copied layers",
        "Every layer of the student that has the same name and size as one of the teacher begins with its numbers. "
        "The fewer layers fit, the less there is to gain; the run tells what was copied.",
        {"start": "teacher"},
    ),
    "own_batch_norm": Tip(
        "Copied layers, own batch norm",
        "As above, but batch norm stays the student's own, because its averages belong to the features of another "
        "network. Without batch norm it is the same experiment.",
        {"start": "teacher_but_batch_norm"},
    ),
    "strong_augmentation": Tip(
        "Strong augmentation",
        "The student sees shifted images of changed contrast with a square hidden, and its teacher answers for the "
        "very same ones. The student alone it is compared with sees such images too; plain soft targets do not.",
        {"data.augmentation": "strong"},
    ),
    "tenth_of_the_rate": Tip(
        "A tenth of the rate",
        "The student learns at a tenth of the rate of its teacher, and so does the student alone beside it. Texts "
        "advise it for students that begin with the teacher's layers; one that begins at random may not come far "
        "enough in the same number of epochs.",
        {"optim.lr_of_teacher": 0.1},
    ),
}
"""Name -> tip, in the order in which the Methods page shows them."""
