"""The fixed input on which methods are compared with their reference implementations.

``G`` are the values that the methods' reference implementations, or a hand calculation, give in float64.
"""

from __future__ import annotations

import torch
from torch import Tensor

from kd_core.outputs import Outputs

K = torch.arange(20, dtype=torch.float64).reshape(4, 5)
STUDENT = 2 * torch.sin(1 + K)
TEACHER = 3 * torch.cos(0.5 * K)
LABELS = torch.tensor([0, 1, 2, 3])

G = {
    "CE": 1.4631840051,
    "KL x T² at 4": 1.3741608903,
    "KL x T² at 4, mean over classes": 0.2748321781,
    "reverse KL x T² at 4": 1.4030314686,
    "soft CE x T² at 4": 26.3961497963,
    "teacher's entropy x T² at 4": 25.0219889061,
    "logit MSE": 6.0964639423,
    "KL at 1": 1.0786504423,
}


def outputs(logits: Tensor = STUDENT, *, gradient: bool = False) -> Outputs:
    """Return logits as a network would, with features of the usual names."""
    if gradient:
        logits = logits.detach().clone().requires_grad_()
    maps = torch.sin(0.1 * torch.arange(192, dtype=logits.dtype)).reshape(4, 3, 4, 4)
    vectors = torch.sin(0.3 * torch.arange(24, dtype=logits.dtype)).reshape(4, 6)
    return Outputs(logits, {"early": maps, "middle": maps, "late": maps, "embedding": vectors})
