"""Prediction: from a network and a split to what it says about every image."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kd_core.compute import PLAIN, StepPlan
from kd_core.datasets import Split
from kd_core.outputs import Outputs


def predict_logits(network: nn.Module, split: Split, batch: int = 512, plan: StepPlan = PLAIN) -> Tensor:
    """Return float32 logits (N, K) for every image of ``split``, on the split's device; see ``predict_outputs``."""
    return predict_outputs(network, split, batch, plan).logits


@torch.no_grad()
def predict_outputs(network: nn.Module, split: Split, batch: int = 512, plan: StepPlan = PLAIN) -> Outputs:
    """Return float32 logits and heads (N, K) for every image of ``split``, without features, on the split's device.

    The network answers in evaluation mode (no dropout, fixed batch statistics) and is left in the mode it was in.

    Args:
        network: who is asked.
        split: about what.
        batch: images at once.
        plan: in which number format products are computed; accuracy is always judged in float32.
    """
    training = network.training
    network.eval()
    try:
        with plan.forward(split.images.device):
            parts = [_logits_of(network(split.normalised(slice(i, i + batch)))) for i in range(0, len(split), batch)]
    finally:
        network.train(training)
    if not parts:
        return Outputs(torch.zeros(0, len(split.classes)))
    heads = {name: torch.cat([part.heads[name] for part in parts]) for name in parts[0].heads}
    return Outputs(torch.cat([part.logits for part in parts]), {}, heads)


def _logits_of(outputs: Outputs) -> Outputs:
    return Outputs(outputs.logits.float(), {}, {name: logits.float() for name, logits in outputs.heads.items()})
