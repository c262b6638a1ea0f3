"""Pictures made of pixels: whole, small, enlarged and in rows."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from pages.parts.charts.images import LARGEST_THUMBNAIL, enlarged, picture_url, sheet, thumbnail

NOISE = np.random.default_rng(0).integers(0, 256, (3, 300, 200), dtype=np.uint8)


def read(url: str) -> Image.Image:
    """Return the picture of a PNG data URL."""
    return Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/png;base64,"))))


def test_a_picture_travels_as_it_is() -> None:
    assert np.array_equal(np.asarray(read(picture_url(NOISE))), NOISE.transpose(1, 2, 0))
    assert np.array_equal(np.asarray(read(picture_url(NOISE[:1]))), NOISE[0])


def test_a_thumbnail_is_small() -> None:
    assert max(read(thumbnail(NOISE)).size) == LARGEST_THUMBNAIL


def test_an_enlarged_image_has_a_square_for_every_pixel() -> None:
    pixels = np.zeros((1, 2, 4), np.uint8)
    pixels[0, 1, 2] = 255
    large = enlarged(pixels, 43)
    assert large.size == (40, 20)
    assert np.asarray(large)[10:, 20:30].min() == 255 and np.asarray(large).sum() == 255 * 100


def test_a_sheet_shows_every_image_row_by_row() -> None:
    images = np.zeros((20, 1, 8, 8), np.uint8)
    images[6] = 255
    whole = sheet(images, columns=5, tile=48, gap=4)
    assert whole.size == (5 * 52 - 4, 4 * 52 - 4)
    assert whole.getpixel((52 + 5, 52 + 5)) == (255, 255, 255)
    assert whole.getpixel((50, 50)) == (128, 128, 128)


def test_grey_maps_stand_side_by_side_in_one_row() -> None:
    row = sheet(np.full((3, 4, 4), 200, np.uint8), columns=3, tile=8, gap=2, between=(160, 160, 160))
    assert row.size == (28, 8)
    assert row.getpixel((0, 0)) == (200, 200, 200) and row.getpixel((8, 0)) == (160, 160, 160)
