"""Pure maths on features: bringing those of two networks to one size, and relations between the samples of a batch.

A feature is a map (N, C, H, W) or a vector (N, D). Everything is computed in float32 or better, and no branch looks at
a tensor's values, so that ``torch.func.vmap`` can trace all of it.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, normalize

from kd_core.functional.divergences import at_least_float32


def flatten_features(feature: Tensor) -> Tensor:
    """Return a feature as vectors (N, D), in at least float32."""
    return at_least_float32(feature).flatten(1)


def match_sizes(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return two features as what both can be, in at least float32.

    A map beside a vector is averaged over its positions; of two maps, the larger is average-pooled to the smaller's
    height and width. Channels stay as they are.

    Args:
        first: (N, C, H, W) or (N, D).
        second: (N, C', H', W') or (N, D').

    Returns:
        Two maps of equal height and width, or two vectors.
    """
    first, second = at_least_float32(first), at_least_float32(second)
    if first.dim() == 4 and second.dim() == 4:
        height, width = (min(a, b) for a, b in zip(first.shape[2:], second.shape[2:], strict=True))
        return _pooled(first, height, width), _pooled(second, height, width)
    return tuple(feature.mean((2, 3)) if feature.dim() == 4 else feature for feature in (first, second))  # type: ignore[return-value]


def attention_map(maps: Tensor) -> Tensor:
    """Return where a network looks, (N, H * W): the mean of the squared channels, each sample's of length 1.

    Args:
        maps: (N, C, H, W).

    Source: Zagoruyko, Komodakis 2017, section 3.1, with p = 2.
    """
    return normalize(at_least_float32(maps).square().mean(1).flatten(1), dim=1)


def gram_matrix(feature: Tensor) -> Tensor:
    """Return the inner products (N, N) of a batch's samples, whose feature is (N, C, H, W) or (N, D)."""
    vectors = flatten_features(feature)
    return vectors @ vectors.mT


def _pooled(maps: Tensor, height: int, width: int) -> Tensor:
    return maps if maps.shape[2:] == (height, width) else adaptive_avg_pool2d(maps, (height, width))


def off_diagonal(batch: int, like: Tensor) -> Tensor:
    """Return (N, N) with 0 on the diagonal and 1 elsewhere, on the device and of the type of ``like``."""
    return 1 - torch.eye(batch, dtype=like.dtype, device=like.device)
