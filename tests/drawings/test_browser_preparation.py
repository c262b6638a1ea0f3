"""The browser prepares a drawing as Python does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from kd_core.datasets import DATASETS
from kd_core.drawings import Preparation, prepare, scaled
from tests.inference.browser_code import answers_of

PREPARATIONS = {name: DATASETS[name].from_json({"name": name}).drawing for name in ("mnist", "digits", "fashion_mnist")}
PREPARATIONS |= {"colours": scaled((3, 32, 32)), "grey": scaled((1, 48, 48))}
SIDE = 96


def scribbles(colours: bool) -> list[NDArray[np.uint8]]:
    """Lines at random with smooth edges, a dot in a corner, noise, and an empty sheet."""
    draw = np.random.default_rng(7)
    pictures = []
    for _ in range(6):
        large = Image.new("RGB", (4 * SIDE, 4 * SIDE))
        points = [(int(x), int(y)) for x, y in draw.integers(20, 4 * SIDE - 20, (5, 2))]
        ink = tuple(int(level) for level in draw.integers(60, 256, 3)) if colours else (255, 255, 255)
        ImageDraw.Draw(large).line(points, fill=ink, width=36, joint="curve")
        pictures.append(np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BOX)))
    dot = np.zeros((SIDE, SIDE, 3), np.uint8)
    dot[-1, -1] = 255
    pictures += [dot, draw.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8), np.zeros_like(dot)]
    return pictures if colours else [picture[..., 0] for picture in pictures]


def in_browser(
    pictures: list[NDArray[np.uint8]], preparation: Preparation, framed: bool, folder: Path
) -> list[NDArray[np.uint8]]:
    channels = [
        [picture.reshape(SIDE * SIDE, -1)[:, k].tolist() for k in range(picture[0, 0].size)] for picture in pictures
    ]
    given = {"pictures": channels, "preparation": preparation.to_json(), "framed": framed, "side": SIDE}
    picture = "{ side: given.side, channels: channels.map((one) => Uint8ClampedArray.from(one)) }"
    body = f"given.pictures.map((channels) => Array.from(prepare({picture}, given.preparation, given.framed)))"
    answers = answers_of(body, {"pad/preparation": "prepare"}, given, folder)
    return [np.array(answer, np.uint8).reshape(preparation.shape) for answer in answers]


@pytest.mark.parametrize("framed", [False, True])
@pytest.mark.parametrize("name", PREPARATIONS)
def test_the_browser_prepares_a_drawing_as_python_does(name: str, framed: bool, tmp_path: Path) -> None:
    preparation = PREPARATIONS[name]
    pictures = scribbles(colours=preparation.way == "scaled")
    there = in_browser(pictures, preparation, framed, tmp_path)
    for picture, image in zip(pictures, there, strict=True):
        assert (image == prepare(picture, preparation, framed=framed)).all()
