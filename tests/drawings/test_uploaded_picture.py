"""Uploaded pictures: dark on light or light on dark, and clear sentences on what is none."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from kd_core.datasets import DATASETS
from kd_core.drawings import MOST_BYTES, prepare, prepare_upload, scaled
from kd_core.errors import UploadRefused

MNIST = DATASETS["mnist"].from_json({"name": "mnist"}).drawing


def written(picture: Image.Image, format: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format, **options)
    return stream.getvalue()


def stroke(paper: int, ink: int) -> Image.Image:
    """A bar of 100 x 20 on paper."""
    pixels = np.full((200, 160), paper, np.uint8)
    pixels[50:150, 70:90] = ink
    return Image.fromarray(pixels)


@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (0, 255), (210, 60), (40, 200)])
def test_ink_is_what_stands_out_from_the_paper(paper: int, ink: int) -> None:
    drawn = np.where(np.asarray(stroke(0, 255)) > 0, 255, 0).astype(np.uint8)
    assert (prepare_upload(written(stroke(paper, ink)), "a.png", MNIST) == prepare(drawn, MNIST)).all()


def test_a_jpeg_gives_nearly_the_same_as_a_png() -> None:
    png = prepare_upload(written(stroke(255, 0)), "a.png", MNIST).astype(int)
    jpeg = prepare_upload(written(stroke(255, 0), "JPEG", quality=95), "a.jpg", MNIST).astype(int)
    assert abs(png - jpeg).mean() < 3


def test_what_is_transparent_is_white_paper() -> None:
    clear = Image.new("RGBA", (200, 160), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (70, 50, 90, 150))
    assert prepare_upload(written(clear), "a.png", MNIST).max() == 255


def test_a_picture_of_a_dataset_of_pictures_keeps_its_colours() -> None:
    image = prepare_upload(written(Image.new("RGB", (300, 200), (200, 100, 50))), "a.png", scaled((3, 32, 32)))
    assert (image == np.array([200, 100, 50]).reshape(3, 1, 1)).all()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "picture_unreadable"),
        (b"GIF89a", "picture_unreadable"),
        (written(stroke(255, 0))[:80], "picture_unreadable"),
        (written(stroke(255, 0), "GIF"), "picture_unreadable"),
        (written(stroke(255, 250)), "picture_empty"),
        (bytes(MOST_BYTES + 1), "picture_bytes"),
        (written(Image.new("L", (8000, 6000))), "picture_pixels"),
    ],
)
def test_what_is_no_picture_of_one_thing_is_refused_by_name(content: bytes, code: str) -> None:
    with pytest.raises(UploadRefused) as refused:
        prepare_upload(content, "mine.png", MNIST)
    assert refused.value.fields["file"] == "mine.png"
    assert refused.value.fields["reason"].code == code  # type: ignore[attr-defined]
