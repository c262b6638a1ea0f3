"""A plane: the two directions in which points vary most, found once so that points can be followed over epochs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kd_core.results import Floats


@dataclass(frozen=True)
class Plane:
    """Two principal directions.

    Args:
        mean: (D,).
        axes: (2, D), of length 1, or 0 where the points do not vary in a second direction.
        shares: of the variance that each direction holds, 0..1.
    """

    mean: Floats
    axes: Floats
    shares: tuple[float, float]

    def project(self, values: Floats) -> Floats:
        """Return (N, 2) of values (N, D); what is not finite lies at the origin."""
        finite = np.isfinite(values).all(-1, keepdims=True)
        centred = np.where(finite, np.asarray(values, dtype=np.float64) - self.mean, 0.0)
        result: Floats = centred @ self.axes.T
        return result


def plane_of(values: Floats) -> Plane:
    """Return the plane of the first two principal components.

    The sign of each is such that its largest entry is positive: the same values always give the same picture.

    Args:
        values: (N, D), of which rows that are not finite are left out.
    """
    rows = np.asarray(values, dtype=np.float64)
    rows = rows[np.isfinite(rows).all(-1)]
    wide = rows.shape[1]
    if not len(rows):
        return Plane(np.zeros(wide), np.zeros((2, wide)), (0.0, 0.0))
    mean = rows.mean(0)
    variances, directions = np.linalg.eigh(np.cov(rows - mean, rowvar=False, bias=True).reshape(wide, wide))
    axes, shares = np.zeros((2, wide)), [0.0, 0.0]
    total = float(np.clip(variances, 0, None).sum())
    for place in range(min(2, wide)):
        if total and variances[-1 - place] > 1e-12 * total:
            direction = directions[:, -1 - place]
            axes[place] = direction * np.sign(direction[np.abs(direction).argmax()])
            shares[place] = float(variances[-1 - place] / total)
    return Plane(mean, axes, (shares[0], shares[1]))
