"""How a training step is taken: threads, number format and memory layout."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from kd_core.compute.device import available_cores

# MACs of a step's forward pass that keep one thread busy. Training steps (forward, backward, Adam) on two idle cores
# of an AMD EPYC, torch 2.14, medians of alternating blocks, as two threads' gain over one:
#   784-20-20 batch 64      1 M MACs  1.0 x (0.54 ms)      conv 16-32 batch 128   143 M MACs  1.6 x (34 ms)
#   784-256-256 batch 64   17 M MACs  1.4 x (1.9 ms)       conv 32-64 batch 128   543 M MACs  1.7 x (76 ms)
#   784-800-800 batch 64   82 M MACs  1.5 x (12 ms)        conv 64-128 batch 64  1.05 G MACs  1.7 x (135 ms)
#   784-1200-1200 batch 64 153 M MACs 1.6 x (19 ms)        ResNet-18 batch 32    17.8 G MACs  1.6 x (1.2 s)
# Below 1.5 x the second core does more good with another job.
_MACS_PER_THREAD = 40_000_000


def suggested_threads(macs: int, batch: int) -> int:
    """Return with how many CPU threads to train a network: one for small ones, up to the available cores.

    For a job that has the machine to itself: threads of jobs that share cores wait for each other. Beside two busy jobs
    on two cores the tests of the networks took 106 s with two threads and 35 s with one.

    Args:
        macs: multiply-accumulates for one image.
        batch: images in a step.
    """
    return max(1, min(available_cores(), macs * batch // _MACS_PER_THREAD))


AnyModule = TypeVar("AnyModule", bound=nn.Module)


@dataclass(frozen=True)
class StepPlan:
    """How a training step is taken.

    Args:
        threads: of the CPU.
        dtype: "float32", or "bfloat16" for the matrix products and convolutions alone: weights, losses and the
            optimiser stay in float32.
        channels_last: whether images lie in memory pixel by pixel instead of channel by channel.
    """

    threads: int = 1
    dtype: str = "float32"
    channels_last: bool = False

    def laid_out(self, network: AnyModule) -> AnyModule:
        """Return ``network`` with its weights in this layout."""
        return network.to(memory_format=torch.channels_last) if self.channels_last else network

    def images(self, images: Tensor) -> Tensor:
        """Return a batch (B, C, H, W) in this layout."""
        return images.contiguous(memory_format=torch.channels_last) if self.channels_last else images

    def forward(self, device: torch.device) -> AbstractContextManager[object]:
        """Return the autocast context of a forward pass in training."""
        if self.dtype == "float32":
            return nullcontext()
        return torch.autocast(device.type, dtype=getattr(torch, self.dtype))


PLAIN = StepPlan()
