"""Many students in one loop: one step of all by ``torch.func.vmap``."""

from kd_core.training.lanes.grouping import MEMORY_BYTES, bounded, bytes_of_lane, grids, lane_key, why_alone
from kd_core.training.lanes.layers import numbers_of_image
from kd_core.training.lanes.trainer import fit_lanes

__all__ = [
    "MEMORY_BYTES",
    "bounded",
    "bytes_of_lane",
    "fit_lanes",
    "grids",
    "lane_key",
    "numbers_of_image",
    "why_alone",
]
