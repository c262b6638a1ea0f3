"""Pixels: what a picture of any depth, with or without transparency, looks like as a small square of 8 bits."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

FULL: Final = 255
DEEPEST: Final = {"I": (FULL, 2**16 - 1, 2**31 - 1, 2**32 - 1), "F": (1.0, FULL, 2**16 - 1)}
"""What white may be in whole numbers and in decimal ones, which do not say it themselves."""
DEPTH = 258
"""The TIFF tag that says how many bits a number has."""
SAMPLE_FORMAT, UNSIGNED = 339, 1
"""The TIFF tag that tells signed numbers from unsigned ones; without it they are unsigned."""


def small_square(image: Image.Image, size: int, mode: str, background: int) -> NDArray[np.uint8]:
    """Return (C, size, size): the picture scaled so that its shorter side fits, and cut to the square in the middle.

    Args:
        image: opened; what it looks like is decided by its mode.
        size: height and width in pixels.
        mode: "L" for one channel of brightness, "RGB" for three of colour.
        background: 0..255, the grey that shows through where the picture is transparent.

    Raises:
        ValueError: numbers that are negative, missing or larger than any known white.
    """
    if image.mode[:1] in "IF":
        image = _eight_bits(image, background)
    if image.has_transparency_data:
        # Scaled with colours weighed by their opacity: those of invisible pixels would bleed into their neighbours.
        clear = image.convert("RGBA")
        if clear.getchannel("A").getextrema() != (FULL, FULL):
            return _composite(_fitted(clear.convert("RGBa"), size), mode, background)
    # Converting makes a copy even where there is nothing to convert.
    return _channels_first(_fitted(image if image.mode == mode else image.convert(mode), size))


def _fitted(image: Image.Image, size: int) -> Image.Image:
    return ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)


def _composite(weighed: Image.Image, mode: str, background: int) -> NDArray[np.uint8]:
    """Put a picture whose colours are weighed by opacity (mode "RGBa") on a grey ground."""
    pixels = np.asarray(weighed).astype(np.float32)
    opaque = pixels[..., :3] + background * (1 - pixels[..., 3:] / FULL)
    whole = Image.fromarray(np.clip(opaque + 0.5, 0, FULL).astype(np.uint8))
    return _channels_first(whole.convert(mode))


def _channels_first(image: Image.Image) -> NDArray[np.uint8]:
    pixels = np.asarray(image)
    return pixels.reshape(*pixels.shape[:2], -1).transpose(2, 0, 1)


def _eight_bits(image: Image.Image, background: int) -> Image.Image:
    """Scale deeper greys, which PIL's own conversion would cut off at 255; one of their values may be transparent."""
    values: NDArray[Any] = np.asarray(image)
    if image.mode.startswith("I;16"):
        grey = (values >> _depth(image) - 8).astype(np.uint8)
    else:
        grey = _scaled(values.view(np.uint32) if _is_unsigned(image) else values, _white(image, values))
    clear = image.info.get("transparency")
    return Image.fromarray(grey if clear is None else np.where(values == clear, np.uint8(background), grey))


def _scaled(values: NDArray[Any], white: float) -> NDArray[np.uint8]:
    scaled = values.astype(np.float32)
    scaled *= FULL / white
    np.rint(scaled, out=scaled)
    return scaled.astype(np.uint8)


def _white(image: Image.Image, values: NDArray[Any]) -> float:
    """Return the value of white: of a PGM 65,535, else the smallest usual one that no pixel is above."""
    if _is_unsigned(image):
        values = values.view(np.uint32)
    lowest, highest = values.min(), values.max()
    # Written so that a pixel that is not a number fails too.
    possible = [white for white in DEEPEST[image.mode] if lowest >= 0 and highest <= white]
    if not possible:
        raise ValueError(f"pixels from {lowest} to {highest} have no known white")
    return DEEPEST["I"][1] if image.format == "PPM" and image.mode == "I" else possible[0]


def _is_unsigned(image: Image.Image) -> bool:
    return image.mode == "I" and image.format == "TIFF" and _tag(image, SAMPLE_FORMAT, UNSIGNED) == UNSIGNED


def _depth(image: Image.Image) -> int:
    """Return how many bits a 16-bit grey really has: some scanners and microscopes write twelve."""
    return _tag(image, DEPTH, 16) if image.format == "TIFF" else 16


def _tag(image: Image.Image, tag: int, default: int) -> int:
    value = getattr(image, "tag_v2", {}).get(tag, default)
    return int(value[0] if isinstance(value, tuple) else value)
