"""Augmentation: random changes of a whole batch at once that leave its labels true."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Augmentation = Literal["none", "shift", "flip_crop"]


def shift_margin(height: int) -> int:
    """Return by how many pixels a shift moves at most: 7 % of the height, at least 1 (28 -> 2, 8 -> 1)."""
    return max(1, round(height * 0.07))


def augment(kind: Augmentation, images: Tensor, generator: torch.Generator, fill: Tensor | float = 0.0) -> Tensor:
    """Return the batch with each image changed by a draw of its own.

    ``shift`` moves every image by a whole number of pixels, up to ``shift_margin``, in both directions; ``flip_crop``
    mirrors half of them and cuts a window out of the image padded by H // 8 (at least 1) on each side.

    Args:
        kind: what to do.
        images: (B, C, H, W), normalised, on any device; not changed.
        generator: decides everything; on the CPU its draws are the same for every device.
        fill: what lies beyond the border, one value or (C,), e.g. ``split.black``.

    Returns:
        (B, C, H, W), like ``images``.
    """
    if kind == "none":
        return images
    height = images.shape[2]
    if kind == "shift":
        return _moved(images, shift_margin(height), generator, fill)
    mirrored = _draw(0, 2, len(images), generator, images.device).bool()
    images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
    return _moved(images, max(1, height // 8), generator, fill)


def _moved(images: Tensor, margin: int, generator: torch.Generator, fill: Tensor | float) -> Tensor:
    """Cut a window of the image's own size, one place an image, out of the image padded by ``margin``."""
    batch, channels, height, width = images.shape
    border = torch.as_tensor(fill, dtype=images.dtype, device=images.device).reshape(-1, 1, 1)
    padded = border.expand(batch, channels, height + 2 * margin, width + 2 * margin).clone()
    padded[:, :, margin : margin + height, margin : margin + width] = images
    down = _draw(0, 2 * margin + 1, batch, generator, images.device)
    right = _draw(0, 2 * margin + 1, batch, generator, images.device)
    rows = down[:, None] + torch.arange(height, device=images.device)
    columns = right[:, None] + torch.arange(width, device=images.device)
    padded = padded.gather(2, rows[:, None, :, None].expand(-1, channels, -1, padded.shape[3]))
    return padded.gather(3, columns[:, None, None, :].expand(-1, channels, height, -1))


def _draw(low: int, high: int, count: int, generator: torch.Generator, device: torch.device) -> Tensor:
    return torch.randint(low, high, (count,), generator=generator, device=generator.device).to(device)
