"""Prediction: from a network and a split to what it says about every image."""

from __future__ import annotations

import torch
from torch import Tensor

from kd_core.compute import PLAIN, Speed
from kd_core.datasets import Split
from kd_core.networks import Network
from kd_core.outputs import Outputs


def predict_logits(network: Network, split: Split, batch: int = 512, speed: Speed = PLAIN) -> Tensor:
    """Return float32 logits (N, K) for every image of ``split``, on the split's device; see ``predict_outputs``."""
    return predict_outputs(network, split, batch, speed).logits


@torch.no_grad()
def predict_outputs(network: Network, split: Split, batch: int = 512, speed: Speed = PLAIN) -> Outputs:
    """Return float32 logits and heads (N, K) for every image of ``split``, without features, on the split's device.

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
            parts = [_logits_of(network(split.normalised(slice(i, i + batch)))) for i in range(0, len(split), batch)]
    finally:
        network.train(training)
    if not parts:
        return Outputs(torch.zeros(0, len(split.classes)))
    heads = {name: torch.cat([part.heads[name] for part in parts]) for name in parts[0].heads}
    return Outputs(torch.cat([part.logits for part in parts]), {}, heads)


def _logits_of(said: Outputs) -> Outputs:
    return Outputs(said.logits.float(), {}, {name: logits.float() for name, logits in said.heads.items()})
