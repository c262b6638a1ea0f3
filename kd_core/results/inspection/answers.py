"""A network's answers: of every image the class it chooses, how sure it is, and how undecided."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kd_core.results import Floats, log_soften

NO_ANSWER: Final = -1
"""Chosen where a logit is no finite number."""


@dataclass(frozen=True)
class Answers:
    """What a network says about N images.

    Args:
        chosen: (N,), the most probable class; ``NO_ANSWER`` where a logit is no finite number.
        confidence: (N,), its probability at T = 1, 0..1; 0 without an answer.
        uncertainty: (N,), entropy at T = 1 as a share of ln K, 0..1; 0 without an answer.
    """

    chosen: NDArray[np.int64]
    confidence: Floats
    uncertainty: Floats


def answers_of(logits: Floats) -> Answers:
    """Return a network's answers.

    Args:
        logits: (N, K).
    """
    finite = np.asarray(np.isfinite(logits).all(-1))
    log_p = log_soften(np.where(finite[:, None], logits, 0.0))
    p = np.exp(log_p)
    # log p is -inf where a probability is too small for a double; it then adds nothing.
    entropy = -(p * np.where(p > 0, log_p, 0.0)).sum(-1) / math.log(max(2, logits.shape[-1]))
    chosen = np.where(finite, p.argmax(-1), NO_ANSWER)
    return Answers(chosen, np.where(finite, p.max(-1), 0.0), np.where(finite, np.clip(entropy, 0.0, 1.0), 0.0))
