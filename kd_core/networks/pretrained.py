"""Pretrained: torchvision's weights for ImageNet, kept on this machine or downloaded once."""

from __future__ import annotations

import socket
from pathlib import Path

import torch
from torch import Tensor

from kd_core.errors import PretrainedMissing, system_reason

SILENCE_SECONDS = 10.0


def pretrained_weights(constructor: str, title: str) -> dict[str, Tensor]:
    """Return torchvision's newest weights of a model for ImageNet, by name; downloaded where they are not kept yet.

    Raises:
        PretrainedMissing: they cannot be had.
    """
    from torchvision import models

    url = models.get_model_weights(constructor).DEFAULT.url
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    before = socket.getdefaulttimeout()
    try:
        socket.setdefaulttimeout(SILENCE_SECONDS)  # the loader sets none, and would wait for ever
        weights: dict[str, Tensor] = torch.hub.load_state_dict_from_url(
            url, model_dir=str(folder), map_location="cpu", progress=False, check_hash=True, weights_only=True
        )
    except (OSError, RuntimeError) as error:
        file = url.rsplit("/", 1)[-1]
        raise PretrainedMissing(network=title, folder=folder, file=file, reason=system_reason(error)) from error
    finally:
        socket.setdefaulttimeout(before)
    return weights
