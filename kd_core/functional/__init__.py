"""Pure functions on tensors: divergences, metrics, features, gradients, seeding."""

from kd_core.functional.divergences import (
    cross_entropy,
    entropy,
    kl_divergence,
    kl_per_sample,
    label_cross_entropy,
    log_soften,
    precise,
    soften,
)
from kd_core.functional.features import alike, attention, flat, off_diagonal, products
from kd_core.functional.gradients import look_due, shares
from kd_core.functional.metrics import Scores, agreement, scores_by_lane
from kd_core.functional.seeding import derived_seed, generator, seeded
from kd_core.functional.state_dict import below, copied, optimiser_tensors, prefixed, restore_optimiser

__all__ = [
    "Scores",
    "agreement",
    "alike",
    "attention",
    "below",
    "copied",
    "cross_entropy",
    "derived_seed",
    "entropy",
    "flat",
    "generator",
    "kl_divergence",
    "kl_per_sample",
    "label_cross_entropy",
    "log_soften",
    "look_due",
    "off_diagonal",
    "optimiser_tensors",
    "precise",
    "prefixed",
    "products",
    "restore_optimiser",
    "scores_by_lane",
    "seeded",
    "shares",
    "soften",
]
