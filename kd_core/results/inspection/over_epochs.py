"""One image over all kept epochs: what a network said about it while it learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kd_core.store import Store


def image_over_epochs(
    store: Store, run: str, epochs: Sequence[int], image: int
) -> tuple[list[int], NDArray[np.float32]]:
    """Return epochs (E,) and logits (E, K) of one test image; what is gone or not finite is left out.

    Args:
        store: where it is.
        run: whose.
        epochs: those that are kept, from 0, in order.
        image: its index in the test split.
    """
    kept, rows = [], []
    for epoch in epochs:
        logits = store.files.logits_of_image(run, epoch, image)
        if logits is not None and np.isfinite(logits).all():
            kept.append(epoch)
            rows.append(logits)
    return kept, np.array(rows, dtype=np.float32)
