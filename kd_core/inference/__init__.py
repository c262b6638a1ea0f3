"""Inference: what a trained network says about one more image, here or by a program without torch."""

from kd_core.inference.plain_network import (
    MOST_BYTES,
    MOST_MACS,
    PlainNetwork,
    drawing_of_run,
    plain_network_of_run,
)
from kd_core.inference.predictor import logits_of_image

__all__ = [
    "MOST_BYTES",
    "MOST_MACS",
    "PlainNetwork",
    "drawing_of_run",
    "logits_of_image",
    "plain_network_of_run",
]
