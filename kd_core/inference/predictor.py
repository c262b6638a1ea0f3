"""Predictor: a run's network in torch, loaded once, and its logits for one image."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kd_core.errors import Reason, RecipeMismatch
from kd_core.export import trained_network
from kd_core.inference.plain_network import loaded_network
from kd_core.store import Store


def logits_of_image(store: Store, run: str, image: NDArray[np.uint8]) -> list[float]:
    """Return the K logits of one image (C, H, W) of 0..255.

    Raises:
        RunUnknown: there is no such run.
        WeightsMissing: the run was not trained to its end.
        FilesDamaged: its files cannot be read.
        RecipeMismatch: the image has another shape than those of the run's dataset.
    """
    import torch

    network, shape, mean, sd = _loaded(store, run)
    if image.shape != shape:
        template = "An image of shape {given} is none of the dataset's, which are {wanted}."
        raise RecipeMismatch(reason=Reason("image_shape", template, given=image.shape, wanted=shape))
    with torch.inference_mode():
        values = (torch.from_numpy(image.copy()).float() / 255 - mean) / sd
        logits: list[float] = network(values[None]).logits[0].double().tolist()
    return logits


@lru_cache(maxsize=6)
def _loaded(store: Store, run: str) -> tuple[Any, tuple[int, int, int], Any, Any]:
    import torch

    trained = trained_network(store, run)
    mean, sd = (torch.tensor(values).reshape(-1, 1, 1) for values in (trained.mean, trained.sd))
    return loaded_network(trained), trained.shape, mean, sd
