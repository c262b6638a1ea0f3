"""Gradients: each loss term's share of the gradient that reaches a network's weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

GRADIENT_EPOCHS = 20
"""In about so many epochs of a training they are measured, which costs a backward pass for every term."""


def is_gradient_epoch(epoch: int, epochs: int) -> bool:
    """Tell whether the terms' shares of the gradient are measured in this epoch (0-based)."""
    return epoch % max(1, epochs // GRADIENT_EPOCHS) == 0 or epoch == epochs - 1


def gradient_shares(terms: Mapping[str, Tensor], parameters: Sequence[Tensor], lanes: int = 1) -> dict[str, Tensor]:
    """Return by term its gradient's length over the sum of all terms' lengths, (L,); graphs are left as they are.

    Args:
        terms: scalars, or (L,), one a lane, each of which depends on its own lane's parameters alone.
        parameters: of one network, or stacked, all lanes in the leading dimensions.
        lanes: L.
    """
    lengths = {name: _length(term, parameters, lanes) for name, term in terms.items()}
    total = torch.stack(list(lengths.values())).sum(0).clamp(min=1e-30)
    return {name: length / total for name, length in lengths.items()}


def _length(term: Tensor, parameters: Sequence[Tensor], lanes: int) -> Tensor:
    """Return the Euclidean length of a term's gradient by lane, (L,)."""
    squares = torch.zeros(lanes)
    if not term.requires_grad:
        return squares
    gradients = torch.autograd.grad(term.sum(), parameters, retain_graph=True, allow_unused=True)
    for gradient in gradients:
        if gradient is not None:
            squares += gradient.detach().reshape(lanes, -1).double().square().sum(1).float().cpu()
    return squares.sqrt()
