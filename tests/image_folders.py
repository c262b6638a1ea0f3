"""Folders of made images."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image


def made_pixels(count: int, *shape: int, seed: int) -> np.ndarray:
    """Every image differs from every other, so that an overlap of two splits can be seen."""
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue()


def make_images(root: Path, counts: dict[str, int], size: int = 16) -> None:
    """Write ``counts`` made images by folder, e.g. ``{"train/cat": 5}``."""
    for seed, (folder, count) in enumerate(counts.items()):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for index, pixels in enumerate(made_pixels(count, size, size, 3, seed=seed)):
            (root / folder / f"{index:04}.png").write_bytes(png(pixels))
