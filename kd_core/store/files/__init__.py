"""Files of a store: arrays as safetensors, written whole or not at all."""

from kd_core.store.files.arrays import Arrays, disk_error, half, packed, write_bytes
from kd_core.store.files.lane_files import NOWHERE
from kd_core.store.files.run_files import RunFiles

__all__ = ["NOWHERE", "Arrays", "RunFiles", "disk_error", "half", "packed", "write_bytes"]
