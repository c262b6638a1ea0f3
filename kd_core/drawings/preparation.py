"""Preparation: a drawing is cropped, scaled and placed as the images of its dataset were.

``assets/components/pad/preparation.js`` is the same in the browser; a test holds both together.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Way = Literal["centre_of_mass", "counted_blocks", "centred_box", "scaled"]
Pixels = NDArray[np.uint8]

FULL: Final = 255
HAIR: Final = 1e-9
"""Added before rounding, so that two programs that add up in another order round alike."""
LUMA: Final = (19595, 38470, 7471)
"""Shares of red, green and blue in brightness, of 65,536 (ITU-R BT.601, as Pillow has it)."""


@dataclass(frozen=True)
class Preparation:
    """How a dataset's drawings are prepared.

    Args:
        way: what is done, in one word; the pages have a sentence on each.
        shape: (C, H, W) of an image.
        box: (height, width) into which the ink is scaled; (0, 0) leaves the picture where it is.
        stretch: how many times more one direction may be scaled than the other; 1 keeps the proportions.
        block: pixels of a bitmap, a side, that are counted for one pixel of the image; 1 keeps greys.
        ground: 0..255, of the paper.
        brush: width of a stroke as a share of the pad.
        cells: squares of the pad, a side, that the keyboard fills.
    """

    way: Way
    shape: tuple[int, int, int]
    box: tuple[int, int] = (0, 0)
    stretch: float = 1.0
    block: int = 1
    ground: int = 0
    brush: float = 0.09
    cells: int = 14

    @property
    def field(self) -> tuple[int, int]:
        """Return height and width of what is counted or rounded into the image."""
        return self.block * self.shape[1], self.block * self.shape[2]

    def to_json(self) -> dict[str, Any]:
        """Return plain values; ``from_json`` takes them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Preparation:
        """Return what ``to_json`` wrote."""
        channels, height, width = values["shape"]
        box_height, box_width = values["box"]
        return cls(**{**values, "shape": (channels, height, width), "box": (box_height, box_width)})


def scaled(shape: tuple[int, int, int], ground: int = FULL) -> Preparation:
    """Return the preparation of a dataset of pictures: the whole picture is scaled to ``shape`` (C, H, W)."""
    return Preparation("scaled", shape, ground=ground, brush=0.06, cells=min(16, *shape[1:]))


def prepare(picture: Pixels, preparation: Preparation, *, framed: bool = False) -> Pixels:
    """Return an image (C, H, W) like those of the dataset.

    Ink is cropped to what is drawn, scaled into the box and placed by its centre of mass, or in the middle. A pixel of
    the result is the mean of the area that it covers; of a counted bitmap, the share of its pixels that are at least
    half covered.

    Args:
        picture: (h, w) of ink on black ground, or (h, w, 3) of colours.
        preparation: of the dataset.
        framed: the picture stands where it belongs already, as one that began as an image of the dataset does.
    """
    if preparation.way == "scaled" or framed:
        return _levels(_whole(_channels(picture, preparation), preparation), preparation)
    ink = _brightness(picture) / FULL
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not rows.size:
        return np.zeros(preparation.shape, np.uint8)
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scales = _scales(ink.shape, preparation)
    places = [_place(ink, axis, scales[axis], preparation) for axis in (0, 1)]
    down, across = (_coverage(ink.shape[axis], scales[axis], places[axis], preparation.field[axis]) for axis in (0, 1))
    field = down @ ink @ across.T
    if preparation.block > 1:
        field = (field >= 0.5 - HAIR).astype(np.float64)
    return _levels(field[None], preparation)


def _brightness(picture: Pixels) -> Pixels:
    if picture.ndim == 2:
        return picture
    weighed = sum(share * picture[..., k].astype(np.int64) for k, share in enumerate(LUMA))
    return np.asarray((weighed + 32768) >> 16, dtype=np.uint8)


def _channels(picture: Pixels, preparation: Preparation) -> Pixels:
    """Return (C, h, w)."""
    if preparation.shape[0] == 1:
        return _brightness(picture)[None]
    return np.stack([picture] * 3) if picture.ndim == 2 else picture.transpose(2, 0, 1)


def _whole(channels: Pixels, preparation: Preparation) -> NDArray[np.float64]:
    """Return the middle of the picture, as far as it has the image's proportions, scaled to the field; 0..1."""
    height, width = channels.shape[1:]
    scale = max(preparation.field[0] / height, preparation.field[1] / width)
    down, across = (
        _coverage(size, scale, (field - size * scale) / 2, field)
        for size, field in zip((height, width), preparation.field, strict=True)
    )
    return np.stack([down @ (channel / FULL) @ across.T for channel in channels])


def _scales(size: tuple[int, ...], preparation: Preparation) -> tuple[float, float]:
    """Return how many times larger the ink becomes, down and across."""
    down, across = (room / length for room, length in zip(preparation.box, size, strict=True))
    most = min(down, across) * preparation.stretch
    return min(down, most), min(across, most)


def _place(ink: NDArray[np.float64], axis: int, scale: float, preparation: Preparation) -> float:
    """Return where the scaled ink begins in the field: at a whole pixel, and never so that a part is lost."""
    field, length = preparation.field[axis], ink.shape[axis] * scale
    middle = length / 2
    if preparation.way == "centre_of_mass":
        weights = ink.sum(1 - axis)
        middle = float((np.arange(len(weights)) + 0.5) @ weights / weights.sum()) * scale
    latest = np.floor(field - length + HAIR)
    return float(min(max(np.floor(field / 2 - middle + 0.5 + HAIR), 0.0), latest))


def _coverage(count: int, scale: float, start: float, field: int) -> NDArray[np.float64]:
    """Return (field, count): which share of each pixel of the field each of ``count`` scaled pixels covers."""
    edges = start + np.arange(count + 1) * scale
    pixel = np.arange(field)[:, None]
    shares: NDArray[np.float64] = np.minimum(edges[1:], pixel + 1) - np.maximum(edges[:-1], pixel)
    return np.maximum(shares, 0.0)


def _levels(field: NDArray[np.float64], preparation: Preparation) -> Pixels:
    """Return 0..255 from a field (C, block · H, block · W) of 0..1, a bitmap in as many steps as a block has pixels."""
    channels, height, width = preparation.shape
    block = preparation.block
    if block > 1:
        counts = field.reshape(channels, height, block, width, block).sum((2, 4))
        field = np.floor(counts + 0.5 + HAIR) / block**2
    return np.clip(np.floor(field * FULL + 0.5 + HAIR), 0, FULL).astype(np.uint8)
