"""Augmentation: random changes of a whole batch at once that leave its labels true."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Augmentation = Literal["none", "shift", "flip_crop", "strong"]


def shift_margin(height: int) -> int:
    """Return by how many pixels a shift moves at most: 7 % of the height, at least 1 (28 -> 2, 8 -> 1)."""
    return max(1, round(height * 0.07))


def augment(kind: Augmentation, images: Tensor, generator: torch.Generator, fill: Tensor | float = 0.0) -> Tensor:
    """Return the batch with each image changed by a draw of its own.

    ``shift`` moves every image by a whole number of pixels, up to ``shift_margin``, in both directions; ``flip_crop``
    mirrors half of them and cuts a window out of the image padded by H // 8 (at least 1) on each side; ``strong``
    shifts by up to twice as much, makes contrast weaker or stronger by up to 40 %, and hides a square of a third of
    the height.

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
    if kind == "strong":
        moved = _moved(images, 2 * shift_margin(height), generator, fill)
        return _hidden(_contrasted(moved, generator, fill), max(1, height // 3), generator, fill)
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


def _contrasted(images: Tensor, generator: torch.Generator, fill: Tensor | float) -> Tensor:
    """Return images whose distance from black is multiplied by a draw between .6 and 1.4."""
    black = torch.as_tensor(fill, dtype=images.dtype, device=images.device).reshape(-1, 1, 1)
    draws = torch.rand(len(images), generator=generator, device=generator.device).to(images.device)
    return black + (images - black) * (0.6 + 0.8 * draws).reshape(-1, 1, 1, 1)


def _hidden(images: Tensor, side: int, generator: torch.Generator, fill: Tensor | float) -> Tensor:
    """Return images with a square somewhere in each replaced by black (DeVries, Taylor 2017)."""
    batch, _, height, width = images.shape
    top = _draw(0, height - side + 1, batch, generator, images.device)
    left = _draw(0, width - side + 1, batch, generator, images.device)
    rows, columns = torch.arange(height, device=images.device), torch.arange(width, device=images.device)
    in_rows = (rows >= top[:, None]) & (rows < top[:, None] + side)
    in_columns = (columns >= left[:, None]) & (columns < left[:, None] + side)
    square = (in_rows[:, :, None] & in_columns[:, None, :]).unsqueeze(1)
    black = torch.as_tensor(fill, dtype=images.dtype, device=images.device).reshape(-1, 1, 1)
    return torch.where(square, black, images)
