"""Packing: what a network said of all images after an epoch, as text that is counted in the browser."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kd_core.results import Floats
from kd_core.results.inspection import Plane, answers_of, plane_of

FULL: Final = 65535
"""Shares and places travel as whole numbers from 0 to this, which 15 bins divide evenly."""
MARGIN: Final = 0.04


@dataclass(frozen=True)
class Window:
    """The part of a plane that is drawn: everything of the epoch that counts, with a margin."""

    plane: Plane
    low: Floats
    high: Floats

    def places(self, values: Floats) -> NDArray[np.uint16]:
        """Return (2, N) places from 0 to ``FULL``; what lies outside stands at the edge."""
        share = (self.plane.project(values) - self.low) / (self.high - self.low)
        places: NDArray[np.uint16] = np.round(np.clip(share, 0.0, 1.0) * FULL).astype("<u2").T
        return places


def window_of(values: Floats) -> Window:
    """Return the window on the plane of values (N, D)."""
    plane = plane_of(values)
    places = plane.project(values)
    low, high = (places.min(0), places.max(0)) if len(places) else (np.zeros(2), np.ones(2))
    # Both directions have one scale, so that distances can be compared; a direction without any extent has the other's.
    half = max(float((high - low).max()) * (0.5 + MARGIN), 1e-9)
    middle = (low + high) / 2
    return Window(plane, middle - half, middle + half)


def packed_frame(logits: Floats, window: Window) -> str:
    """Return five columns of 16 bits, one after the other, as base64.

    Chosen class (-1 for none), confidence and entropy as a share of ln K (both rounded up, which keeps them in their
    bin), and two places on the plane.

    Args:
        logits: (N, K).
        window: of the places.
    """
    answers = answers_of(logits)
    x, y = window.places(logits)
    columns = [answers.chosen.astype("<i2"), _up(answers.confidence), _up(answers.uncertainty), x, y]
    return _text(b"".join(np.ascontiguousarray(column).tobytes() for column in columns))


def packed_places(values: Floats, window: Window) -> str:
    """Return two columns of 16 bits: where values (N, D) lie on a plane."""
    return _text(np.ascontiguousarray(window.places(values)).tobytes())


def packed_labels(labels: NDArray[np.integer]) -> str:
    """Return labels as 16 bits each."""
    return _text(labels.astype("<i2").tobytes())


def _up(shares: Floats) -> NDArray[np.uint16]:
    # What arithmetic adds to an edge between bins must not lift a share into the next one.
    rounded: NDArray[np.uint16] = np.clip(np.ceil(shares * FULL - 1e-9), 0, FULL).astype("<u2")
    return rounded


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
