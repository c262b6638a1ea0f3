"""Many students in one loop: one step of all by ``torch.func.vmap``."""

from kd_core.training.lanes.grouping import (
    MEMORY_BYTES,
    bytes_of_lane,
    fit_memory,
    group_by_lane_key,
    lane_key,
    why_solo,
)
from kd_core.training.lanes.layers import activations_per_image
from kd_core.training.lanes.trainer import fit_lanes

__all__ = [
    "MEMORY_BYTES",
    "activations_per_image",
    "bytes_of_lane",
    "fit_lanes",
    "fit_memory",
    "group_by_lane_key",
    "lane_key",
    "why_solo",
]
