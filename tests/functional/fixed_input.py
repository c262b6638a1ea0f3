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

STUDENT_VECTORS = torch.sin(0.3 * torch.arange(24, dtype=torch.float64)).reshape(4, 6)
TEACHER_VECTORS = torch.cos(0.7 * torch.arange(32, dtype=torch.float64)).reshape(4, 8)
STUDENT_MAPS = torch.sin(0.1 * torch.arange(192, dtype=torch.float64)).reshape(4, 3, 4, 4)
TEACHER_MAPS = torch.cos(0.2 * torch.arange(128, dtype=torch.float64)).reshape(4, 2, 4, 4)

G = {
    "CE": 1.4631840051,
    "KL x T² at 4": 1.3741608903,
    "KL x T² at 4, mean over classes": 0.2748321781,
    "reverse KL x T² at 4": 1.4030314686,
    "soft CE x T² at 4": 26.3961497963,
    "teacher's entropy x T² at 4": 25.0219889061,
    "logit MSE": 6.0964639423,
    "KL at 1": 1.0786504423,
    "hints": 1.0344592914,
    "attention": 0.0261837681,
    "similarity": 0.4927455704,
    "relational distance": 0.0884197525,
    "relational angle": 0.1345717746,
    "TCKD x T² at 4": 0.1807394978,
    "NCKD x T² at 4": 1.4086790925,
    "decoupled at 1 and 8": 11.4501722382,
    "DIST within images": 0.8093147202,
    "DIST within classes": 0.7466987349,
    "logit standardization at 2": 0.7344285558,
    "teacher-free": 0.7790094164,
    "PKT": 0.0981281722,
    "NST": 1.3326000162,
    "JSD at 0.1": 0.0857424184,
    "JSD at 0.5": 0.2091226959,
    "JSD at 0.9": 0.0866689363,
    "skewed forward KL at 0.1": 0.7068124194,
    "skewed forward KL at 0.3": 0.3852635308,
    "skewed reverse KL at 0.1": 0.7016066388,
    "skewed reverse KL at 0.3": 0.3840484746,
}


def outputs(logits: Tensor = STUDENT, *, gradient: bool = False) -> Outputs:
    """Return logits as the student would, with features of the usual names."""
    return answer(logits, STUDENT_MAPS, STUDENT_VECTORS, gradient)


def teacher_outputs(logits: Tensor = TEACHER, *, gradient: bool = False) -> Outputs:
    """Return logits as the teacher would, whose layers have other sizes than the student's."""
    return answer(logits, TEACHER_MAPS, TEACHER_VECTORS, gradient)


def answer(logits: Tensor, maps: Tensor, vectors: Tensor, gradient: bool = False) -> Outputs:
    """Return logits with one map at every depth and one embedding, in the logits' own precision."""
    logits, maps, vectors = (
        values.detach().clone().to(logits.dtype).requires_grad_(gradient) if gradient else values.to(logits.dtype)
        for values in (logits, maps, vectors)
    )
    return Outputs(logits, {"early": maps, "middle": maps * 1, "late": maps * 1, "embedding": vectors})
