"""Drawings: what becomes of them is worked out by hand, and an image of a dataset comes back as it was."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from kd_core.datasets import DATASETS
from kd_core.drawings import Preparation, prepare, scaled

MNIST = DATASETS["mnist"].from_json({"name": "mnist"}).drawing
DIGITS = DATASETS["digits"].from_json({"name": "digits"}).drawing
FASHION = DATASETS["fashion_mnist"].from_json({"name": "fashion_mnist"}).drawing
CIFAR = DATASETS["cifar10"].from_json({"name": "cifar10"}).drawing


def sheet(side: int = 256, **boxes: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """A black sheet with white boxes, each (top, left, bottom, right)."""
    picture = np.zeros((side, side), np.uint8)
    for top, left, bottom, right in boxes.values():
        picture[top:bottom, left:right] = 255
    return picture


def ink_of(image: NDArray[np.uint8]) -> tuple[list[int], list[int]]:
    """First and last row, first and last column that are not black."""
    rows, columns = np.flatnonzero(image[0].any(1)), np.flatnonzero(image[0].any(0))
    return [int(rows[0]), int(rows[-1])], [int(columns[0]), int(columns[-1])]


@pytest.mark.parametrize("preparation", [MNIST, DIGITS, FASHION])
def test_an_empty_sheet_is_a_black_image(preparation: Preparation) -> None:
    assert not prepare(sheet(), preparation).any()


def test_mnist_scales_into_a_box_of_20_and_places_by_the_centre_of_mass() -> None:
    # 100 x 40 becomes 20 x 8; its middle is at 14 of 28, so rows 4 to 23 and columns 10 to 17 are white.
    image = prepare(sheet(a=(10, 200, 110, 240)), MNIST)
    assert ink_of(image) == ([4, 23], [10, 17])
    assert (image[0, 4:24, 10:18] == 255).all()


def test_mnist_moves_a_lopsided_drawing_so_that_its_mass_is_in_the_middle() -> None:
    # An L of 80 x 80: a bar of 80 x 20 and a foot of 20 x 60, at a scale of a quarter 20 x 20 pixels.
    # Centre of mass across: (1600 · 10 + 1200 · 50) / 2800 = 27.14, so 6.79 pixels, which 14 - 6.79 brings to column 7;
    # down: (1600 · 40 + 1200 · 70) / 2800 = 52.86, so 13.21, and 14 - 13.21 = .79 is row 1.
    image = prepare(sheet(bar=(0, 0, 80, 20), foot=(60, 20, 80, 80)), MNIST)
    assert ink_of(image) == ([1, 20], [7, 26])


def test_a_drawing_is_never_moved_out_of_its_image() -> None:
    # All the mass stands at the left edge of a long thin line: by its mass it would end beyond the right edge.
    image = prepare(sheet(block=(100, 0, 150, 50), line=(124, 50, 126, 250)), MNIST)
    assert ink_of(image)[1][1] <= 27
    assert image.sum() == pytest.approx(255 * (50 * 50 + 2 * 200) * (20 / 250) ** 2, rel=0.02)


def test_edges_are_smooth_where_a_pixel_is_covered_in_part() -> None:
    # 20 rows of which every second is ink, on 10 rows: each pixel is half covered, and 127.5 is rounded up.
    stripes = np.zeros((20, 20), np.uint8)
    stripes[::2] = 255
    assert (prepare(stripes, Preparation("centred_box", (1, 10, 10), box=(10, 10))) == 128).all()


def test_digits_are_a_bitmap_of_32_whose_blocks_of_4_are_counted() -> None:
    # 256 x 160 fills the 32 x 20 box: columns 6 to 25, so of blocks 1 and 6 two columns of four are black.
    image = prepare(sheet(a=(0, 0, 256, 160)), DIGITS)
    assert (image[0] == [0, 128, 255, 255, 255, 255, 128, 0]).all()  # 8 of 16 pixels are 128 of 255


def test_digits_are_stretched_at_most_twice_as_much_one_way_as_the_other() -> None:
    # A stroke of 256 x 16 would be 32 x 2 in its proportions: twice that is 4 columns, and not the whole box of 20.
    image = prepare(sheet(a=(0, 120, 256, 136)), DIGITS)
    assert image[0, 0].tolist() == [0, 0, 0, 128, 128, 0, 0, 0]


def test_only_values_of_the_dataset_come_out_of_a_bitmap() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 256)).astype(np.uint8)
    assert set(np.unique(prepare(noise, DIGITS))) <= {int(np.floor(count * 255 / 16 + 0.5)) for count in range(17)}


def test_fashion_fills_the_image_with_the_longer_side() -> None:
    assert ink_of(prepare(sheet(a=(50, 50, 150, 100)), FASHION)) == ([0, 27], [7, 20])


def test_a_picture_is_scaled_as_a_whole_and_keeps_its_colours() -> None:
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[:, :128] = (200, 100, 50)
    image = prepare(picture, CIFAR)
    assert image.shape == (3, 32, 32)
    assert image[:, 5, 5].tolist() == [200, 100, 50] and not image[:, :, 16:].any()


def test_a_picture_becomes_grey_as_pillow_makes_it() -> None:
    from PIL import Image

    colours = np.random.default_rng(1).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    grey = prepare(colours, scaled((1, 16, 16)))
    assert (grey[0] == np.asarray(Image.fromarray(colours).convert("L"))).all()


def test_of_a_wide_picture_the_middle_is_kept() -> None:
    picture = np.zeros((32, 96), np.uint8)
    picture[:, 32:64] = 255
    assert (prepare(picture, scaled((1, 32, 32))) == 255).all()


@pytest.mark.parametrize(("preparation", "times"), [(DIGITS, 32), (MNIST, 9), (CIFAR, 8)])
def test_an_image_of_the_dataset_that_was_enlarged_comes_back_as_it_was(preparation: Preparation, times: int) -> None:
    levels = np.random.default_rng(2).integers(0, 17, preparation.shape)
    image = np.floor(levels * 255 / 16 + 0.5).astype(np.uint8)
    large = image.repeat(times, 1).repeat(times, 2)
    picture = large[0] if len(large) == 1 else large.transpose(1, 2, 0)
    assert (prepare(picture, preparation, framed=True) == image).all()


def test_a_test_digit_that_is_drawn_large_is_recognised_as_the_test_digit() -> None:
    """The networks of the recorded race say nearly the same of 600 digits as of those digits drawn anew."""
    from pages.parts.recorded import recorded_logits, recorded_networks

    stored, network = recorded_logits(), recorded_networks()["teacher"]
    large = [image[0].repeat(32, 0).repeat(32, 1) for image in stored.images]
    drawn = np.stack([prepare(np.where(picture > 127, 255, 0).astype(np.uint8), DIGITS) for picture in large])
    values, at = (drawn.reshape(600, 64) / 255 - network.mean[0]) / network.sd[0], 0
    for layer in network.layers:
        if layer["kind"] == "linear":
            size = layer["inputs"] * layer["outputs"]
            weight = network.weights[at : at + size].reshape(layer["outputs"], -1)
            bias = network.weights[at + size : at + size + layer["outputs"]]
            values, at = values @ weight.T + bias, at + size + layer["outputs"]
        elif layer["kind"] == "relu":
            values = np.maximum(values, 0)
    assert (values.argmax(1) == stored.labels).mean() > 0.85


@pytest.mark.parametrize("preparation", [MNIST, DIGITS, CIFAR])
def test_what_is_written_is_read_back(preparation: Preparation) -> None:
    assert Preparation.from_json(preparation.to_json()) == preparation


def test_a_folder_of_images_draws_on_its_own_ground() -> None:
    folder = DATASETS["image_folder"].from_json(
        {"name": "image_folder", "path": "/nowhere", "size": 24, "grey": True, "background": "black"}
    )
    assert folder.drawing == scaled((1, 24, 24), ground=0)
