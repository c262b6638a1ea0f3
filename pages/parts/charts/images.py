"""Pictures made of pixels: enlarged, as a sheet of many, and as text that a browser component can take."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LARGEST_THUMBNAIL: Final = 64
"""Pixels; a larger picture is made smaller before it travels."""
GREY: Final = (128, 128, 128)


def picture(pixels: NDArray[np.uint8]) -> Image.Image:
    """Return the picture of an image (C, H, W), or of a grey one (H, W)."""
    if pixels.ndim == 2:
        return Image.fromarray(pixels)
    return Image.fromarray(pixels[0] if pixels.shape[0] == 1 else pixels.transpose(1, 2, 0))


def picture_url(pixels: NDArray[np.uint8]) -> str:
    """Return an image (C, H, W) as a PNG data URL."""
    return png_url(picture(pixels))


def thumbnail(pixels: NDArray[np.uint8]) -> str:
    """Return an image (C, H, W) as a PNG data URL, made small if it is large."""
    small = picture(pixels)
    small.thumbnail((LARGEST_THUMBNAIL, LARGEST_THUMBNAIL))
    return png_url(small)


def enlarged(pixels: NDArray[np.uint8], side: int) -> Image.Image:
    """Return an image (C, H, W) with every pixel as a square, so large that the longer side is at most ``side``."""
    small = picture(pixels)
    times = max(1, side // max(small.size))
    return small.resize((small.width * times, small.height * times), Image.Resampling.NEAREST)


def sheet(
    images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
    *,
    columns: int,
    tile: int = 48,
    gap: int = 4,
    between: tuple[int, int, int] = GREY,
) -> Image.Image:
    """Return small images, each (C, H, W) or (H, W), enlarged and set in rows as one picture.

    Args:
        images: in the order of reading.
        columns: how many stand in a row.
        tile: pixels of the side of each.
        gap: pixels between two, in the colour ``between``.
        between: red, green and blue.
    """
    rows = -(-len(images) // columns)
    size = (columns * (tile + gap) - gap, rows * (tile + gap) - gap)
    whole = Image.new("RGB", size, between)
    for place, pixels in enumerate(images):
        row, column = divmod(place, columns)
        # Nearest: an image of eight by eight pixels is shown as it is, not smoothed into something nicer.
        small = picture(pixels).resize((tile, tile), Image.Resampling.NEAREST)
        whole.paste(small, (column * (tile + gap), row * (tile + gap)))
    return whole


def png_url(image: Image.Image) -> str:
    """Return a picture as a PNG data URL."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
