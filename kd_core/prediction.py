"""Prediction: from a network and a split to logits."""

from __future__ import annotations

import torch
from torch import Tensor

from kd_core.datasets import Split
from kd_core.networks import Network
from kd_core.speed import PLAIN, Speed


@torch.no_grad()
def predict(network: Network, split: Split, batch: int = 512, speed: Speed = PLAIN) -> Tensor:
    """Return float32 logits (N, K) for every image of ``split``, on the split's device.

    The network answers in evaluation mode (no dropout, fixed batch statistics) and is left in the mode it was in.

    Args:
        network: who is asked.
        split: about what.
        batch: images at once.
        speed: in which number format products are computed; accuracy is always judged in float32.
    """
    training = network.training
    network.eval()
    try:
        with speed.forward(split.images.device):
            parts = [network(split.inputs(slice(i, i + batch))).logits.float() for i in range(0, len(split), batch)]
    finally:
        network.train(training)
    return torch.cat(parts) if parts else torch.zeros(0, len(split.classes))
