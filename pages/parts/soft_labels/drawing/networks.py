"""The networks of a race that can be asked about a drawing: in the browser, through Python, or not at all and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kd_core.drawings import Preparation
from kd_core.errors import KDError
from kd_core.inference import PlainNetwork, drawing_of_run, logits_of_image, plain_network_of_run
from kd_core.results import StoredLogits
from pages.parts.app import store
from pages.parts.recorded import recorded_drawing, recorded_networks
from pages.parts.text import error_text


@dataclass(frozen=True)
class DrawingNetworks:
    """What can be asked.

    Args:
        preparation: how a drawing becomes an image of their dataset.
        ids: by arm, of every network that can be asked.
        sent: by id, those that answer in the browser.
        refused: by arm, why a network cannot be asked.
    """

    preparation: Preparation
    ids: Mapping[str, str]
    sent: Mapping[str, PlainNetwork]
    refused: Mapping[str, str] = field(default_factory=dict)

    def answer(self, image: NDArray[np.uint8]) -> dict[str, tuple[float, ...]]:
        """Return the logits by arm of the networks not in the browser; one that breaks down on the image says nothing.

        Args:
            image: (C, H, W), of 0..255.
        """
        asked = {arm: run for arm, run in self.ids.items() if run not in self.sent}
        answers = {arm: _logits(run, image.tobytes(), image.shape) for arm, run in asked.items()}
        return {arm: logits for arm, logits in answers.items() if np.isfinite(logits).all()}


def drawing_networks(stored: StoredLogits) -> DrawingNetworks:
    """Return the networks of what is shown; the engine must be warm for anything but the recorded race."""
    if not stored.runs:
        networks = recorded_networks()
        ids = {arm: f"recorded-{arm}" for arm in networks}
        return DrawingNetworks(recorded_drawing(), ids, {ids[arm]: network for arm, network in networks.items()})
    ids, sent, refused = {}, {}, {}
    runs = {arm: row.id for arm, row in stored.runs.items() if arm in stored.logits}
    for arm, run in runs.items():
        try:
            network = plain_network_of_run(store(), run)
        except KDError as error:
            refused[arm] = error_text(error)
            continue
        ids[arm] = run
        if network is not None:
            sent[run] = network
    channels, height, width = stored.images.shape[1:]
    preparation = drawing_of_run(store(), next(iter(runs.values())))
    return DrawingNetworks(replace(preparation, shape=(channels, height, width)), ids, sent, refused)


@lru_cache(maxsize=64)
def _logits(run: str, pixels: bytes, shape: tuple[int, ...]) -> tuple[float, ...]:
    return tuple(logits_of_image(store(), run, np.frombuffer(pixels, np.uint8).reshape(shape)))
