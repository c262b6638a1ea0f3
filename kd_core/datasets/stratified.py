"""Stratification: an order of images in which every beginning holds each class in its share."""

from __future__ import annotations

import torch
from torch import Tensor


def stratified_order(labels: Tensor, generator: torch.Generator) -> Tensor:
    """Return a random order of the images whose every prefix is stratified by class.

    The first K images are one of each class; from there on a class never strays by more than about one image from its
    share. Prefixes are nested by construction, which quotas by largest remainder are not (the Alabama paradox): there a
    class may get fewer images when more are handed out. Leaving classes out of the order leaves the rest stratified.

    Args:
        labels: (N,), int64, 0..K-1.
        generator: on the CPU.

    Returns:
        (N,), int64: positions in ``labels``.

    Source:
        Webster's method, as a priority queue: Balinski & Young, Fair Representation, 1982.
    """
    order = torch.randperm(len(labels), generator=generator)
    shuffled = labels[order]
    sizes = torch.bincount(shuffled)
    by_class = shuffled.argsort(stable=True)
    starts = sizes.cumsum(0) - sizes
    rank = torch.empty_like(order)
    rank[by_class] = torch.arange(len(order)) - starts[shuffled[by_class]]
    priority = (rank.double() + 0.5) / sizes[shuffled]
    priority[rank == 0] = 0
    return order[priority.argsort(stable=True)]


def stratified_split(labels: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the positions of ``count`` images, stratified by class, and those of the others; both in rising order.

    Args:
        labels: (N,), int64, 0..K-1.
        count: how many images the first part gets.
        generator: on the CPU.
    """
    order = stratified_order(labels, generator)
    return order[:count].sort().values, order[count:].sort().values
