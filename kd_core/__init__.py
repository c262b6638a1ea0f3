"""KD Playground's engine: trains, distils and evaluates; it has never heard of a screen.

Names are looked up when they are first used, so that a page can read the store before torch is imported.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kd_core.datasets import DATASETS
    from kd_core.errors import KDError
    from kd_core.functional import entropy, kl_divergence, soften
    from kd_core.methods import METHODS
    from kd_core.networks import NETWORKS
    from kd_core.outputs import Outputs
    from kd_core.own_files import read_logits
    from kd_core.protocols import PROTOCOLS
    from kd_core.recipe import PRESETS, Recipe, Study
    from kd_core.store import Store

__all__ = [
    "DATASETS",
    "METHODS",
    "NETWORKS",
    "PRESETS",
    "PROTOCOLS",
    "KDError",
    "Outputs",
    "Recipe",
    "Store",
    "Study",
    "entropy",
    "kl_divergence",
    "read_logits",
    "soften",
]

_HOMES = {
    "DATASETS": "datasets",
    "METHODS": "methods",
    "NETWORKS": "networks",
    "PRESETS": "recipe",
    "PROTOCOLS": "protocols",
    "KDError": "errors",
    "Outputs": "outputs",
    "Recipe": "recipe",
    "Store": "store",
    "Study": "recipe",
    "entropy": "functional",
    "kl_divergence": "functional",
    "read_logits": "own_files",
    "soften": "functional",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kd_core' has no attribute '{name}'")
    return getattr(importlib.import_module(f"kd_core.{_HOMES[name]}"), name)
