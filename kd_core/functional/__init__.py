"""Pure functions on tensors: divergences, metrics, features, gradients, seeding."""

from kd_core.functional.divergences import (
    at_least_float32,
    cross_entropy,
    entropy,
    js_divergence,
    kl_divergence,
    kl_per_sample,
    label_cross_entropy,
    log_soften,
    skew_kl_divergence,
    soften,
)
from kd_core.functional.features import attention_map, flatten_features, gram_matrix, match_sizes, off_diagonal
from kd_core.functional.gradients import gradient_shares, is_gradient_epoch
from kd_core.functional.metrics import Scores, agreement, scores_by_lane
from kd_core.functional.seeding import derive_seed, make_generator, seeded
from kd_core.functional.state_dict import load_optimizer_state, optimizer_state, to_cpu, under_prefix, with_prefix

__all__ = [
    "Scores",
    "agreement",
    "at_least_float32",
    "attention_map",
    "cross_entropy",
    "derive_seed",
    "entropy",
    "flatten_features",
    "gradient_shares",
    "gram_matrix",
    "is_gradient_epoch",
    "js_divergence",
    "kl_divergence",
    "kl_per_sample",
    "label_cross_entropy",
    "load_optimizer_state",
    "log_soften",
    "make_generator",
    "match_sizes",
    "off_diagonal",
    "optimizer_state",
    "scores_by_lane",
    "seeded",
    "skew_kl_divergence",
    "soften",
    "to_cpu",
    "under_prefix",
    "with_prefix",
]
