"""Files of people's own networks: logits and weights, checked, read without torch, and never unpickled."""

from kd_core.own_files.array_files import safetensors_arrays
from kd_core.own_files.content import content_of_file, read_bytes
from kd_core.own_files.logits import OwnLogits, parse_logits, read_logits
from kd_core.own_files.training_logits import check_size, training_logits
from kd_core.own_files.weights import check_weights, read_weights

__all__ = [
    "OwnLogits",
    "check_size",
    "check_weights",
    "content_of_file",
    "parse_logits",
    "read_bytes",
    "read_logits",
    "read_weights",
    "safetensors_arrays",
    "training_logits",
]
