"""Last features: what a trained network computes of the test images right before its logits, on demand."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kd_core.results import stored_logits
from kd_core.results.inspection.sides import Side
from kd_core.store import Store

AFFORDABLE_MACS: Final = 3e9
"""Multiply-adds for all test images together, about a second of one core; beyond that nothing is computed."""
BATCH: Final = 256
AGREE: Final = 0.99
"""On so many images the network built anew must choose what was stored, or it is not the one that was trained."""


def last_features(store: Store, side: Side) -> NDArray[np.float32] | None:
    """Return (N, D) features of the test images from the run's final weights.

    None where they cannot be had cheaply and surely: no weights or images, too large a network, a protocol whose
    student is not built from its recipe alone, or one that does not say again what was stored of it.
    """
    source = stored_logits.read_test_split(store, side.run.source) if side.run.source else None
    weights = store.files.weights(side.run.id) if side.run.status == "done" else None
    stored = store.files.logits(side.run.id, side.reported)
    if source is None or weights is None or stored is None:
        return None
    images = source[0]["images"]
    macs = (side.run.cost or {}).get("macs")
    if macs is None or macs * len(images) > AFFORDABLE_MACS:
        return None
    computed = _computed(side.run.recipe, weights, images, stored.shape[-1])
    if computed is None:
        return None
    features, logits = computed
    same = logits.shape == stored.shape and (logits.argmax(-1) == stored.argmax(-1)).mean() >= AGREE
    return features if same else None


def _computed(
    recipe: dict[str, Any], weights: dict[str, NDArray[Any]], images: NDArray[np.uint8], classes: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Return features and logits of a network built from its recipe; None where weights and network do not fit."""
    import torch  # here, because it takes seconds, and a page lists what there is before that

    from kd_core.errors import KDError
    from kd_core.recipe import Recipe

    shape = images.shape[1:]
    dataset = recipe["data"]["source"]
    mean, sd = (
        torch.tensor(dataset.get(name) or [default], dtype=torch.float32).reshape(-1, 1, 1)
        for name, default in (("mean", 0.0), ("sd", 1.0))
    )
    try:
        network = Recipe.from_json(recipe).build((shape[0], shape[1], shape[2]), classes).eval()
        network.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    except (KDError, RuntimeError):  # of another version, or arranged by its protocol in a way that the recipe lacks
        return None
    features, logits = [], []
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(np.array(images[start : start + BATCH]))
            outputs = network((batch.float() / 255 - mean) / sd)
            if "embedding" not in outputs.features:
                return None
            features.append(outputs.features["embedding"].flatten(1))
            logits.append(outputs.logits)
    return torch.cat(features).numpy(), torch.cat(logits).numpy()
