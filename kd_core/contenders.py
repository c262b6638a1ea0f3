"""Contenders: what a method race can be asked for by name, and what each changes in a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kd_core.errors import UnknownName
from kd_core.methods import METHODS
from kd_core.protocols import PROTOCOLS
from kd_core.settings import Settings, name_of
from kd_core.tips import SOFT_TARGETS, TIPS

BASELINES = ("labels_only", "offline")
"""In every race anyway."""


def contenders() -> list[str]:
    """Return all names: methods, their variants as ``method:variant``, protocols, and tips beside soft targets."""
    methods = [name for name in METHODS if name not in BASELINES]
    variants = [f"{name}:{variant}" for name in methods for variant in METHODS[name].variants]
    return [*methods, *variants, *(name for name in PROTOCOLS if name not in BASELINES), *TIPS]


def contender_changes(name: str, method: Settings) -> dict[str, Any]:
    """Return what to change in a recipe, by path, so that it uses a technique as its source does.

    Network, batch, epochs and seeds stay: the budget is the same for all. Data and learning rate stay too, except for
    the tips that are about them.

    Args:
        name: one of ``contenders()``.
        method: the recipe's own, which stays as it is set where it is the contender itself.

    Raises:
        UnknownName: there is no such contender.
    """
    base, _, variant = name.partition(":")
    if name not in contenders():
        raise UnknownName(kind="technique", name=name, known=", ".join(contenders()))
    if base in PROTOCOLS:
        return {"protocol": {"name": base}, **_without_budget(PROTOCOLS[base].usual)}
    if base in TIPS:
        plain = {} if name_of(method) == SOFT_TARGETS else {"method": {"name": SOFT_TARGETS}}
        return {**plain, **TIPS[base].changes}
    changes: dict[str, Any] = {} if name == name_of(method) else {"method": {"name": base}}
    return {**changes, **METHODS[base].variants[variant]} if variant else changes


def _without_budget(usual: Mapping[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in usual.items() if not path.startswith("optim.")}
