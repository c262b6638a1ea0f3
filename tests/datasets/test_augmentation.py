from __future__ import annotations

import pytest
import torch
from torch import Tensor

from kd_core.datasets import Split
from kd_core.datasets.augmentation import augment, shift_margin


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def one_bright_pixel(batch: int, size: int = 28) -> Tensor:
    images = torch.full((batch, 1, size, size), -1.0)
    images[:, 0, size // 2, size // 2] = 1.0
    return images


def test_seven_percent_of_28_pixels_are_two_and_the_least_shift_is_one() -> None:
    assert [shift_margin(height) for height in (4, 8, 28, 32, 64)] == [1, 1, 2, 2, 4]


def test_none_changes_nothing_and_draws_nothing() -> None:
    images, generator = torch.rand(3, 1, 8, 8), draws()
    before = generator.get_state()
    assert augment("none", images, generator) is images
    assert torch.equal(generator.get_state(), before)


def test_a_shift_moves_each_image_by_up_to_two_pixels_in_both_directions() -> None:
    moved = augment("shift", one_bright_pixel(500), draws(), fill=-1.0)
    places = (moved[:, 0] == 1).nonzero()[:, 1:] - 14
    assert len(places) == 500
    assert {tuple(place) for place in places.tolist()} == {(y, x) for y in range(-2, 3) for x in range(-2, 3)}


def test_what_a_shift_uncovers_is_the_background() -> None:
    moved = augment("shift", one_bright_pixel(50), draws(), fill=-1.0)
    assert set(moved.unique().tolist()) == {-1.0, 1.0}
    assert (moved == 1).sum() == 50


def test_every_channel_has_a_background_of_its_own() -> None:
    images = torch.full((200, 2, 8, 8), 9.0)
    moved = augment("shift", images, draws(), fill=torch.tensor([-1.0, -2.0]))
    assert moved[:, 0].unique().tolist() == [-1.0, 9.0]
    assert moved[:, 1].unique().tolist() == [-2.0, 9.0]


def test_black_of_a_split_is_what_its_black_pixels_become() -> None:
    split = Split(
        torch.zeros(1, 3, 2, 2, dtype=torch.uint8), torch.zeros(1).long(), ("a",), (0.5, 0.2, 0), (0.5, 0.4, 1)
    )
    assert torch.equal(split.black, split.normalised()[0, :, 0, 0])
    assert split.black.tolist() == pytest.approx([-1.0, -0.5, 0.0])


def test_flip_crop_mirrors_about_half_and_crops_within_an_eighth() -> None:
    images = torch.zeros(400, 1, 16, 16)
    images[:, 0, 8, 5], images[:, 0, 8, 6] = 1.0, 2.0  # mirrored, the 2 lies left of the 1
    changed = augment("flip_crop", images, draws())[:, 0]
    ones, twos = (changed == 1).nonzero(), (changed == 2).nonzero()
    mirrored = twos[:, 2] < ones[:, 2]
    assert 160 < int(mirrored.sum()) < 240
    assert set(ones[~mirrored, 2].tolist()) == {3, 4, 5, 6, 7}
    assert set(ones[mirrored, 2].tolist()) == {8, 9, 10, 11, 12}
    assert set(ones[:, 1].tolist()) == {6, 7, 8, 9, 10}


@pytest.mark.parametrize("kind", ["shift", "flip_crop"])
def test_the_generator_decides_everything(kind: str) -> None:
    images = torch.rand(20, 3, 16, 16)
    kept = images.clone()
    first, again = augment(kind, images, draws(1)), augment(kind, images, draws(1))  # type: ignore[arg-type]
    assert torch.equal(first, again)
    assert not torch.equal(first, augment(kind, images, draws(2)))  # type: ignore[arg-type]
    assert torch.equal(images, kept)
    assert first.shape == images.shape and first.dtype == images.dtype


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("kind", ["shift", "flip_crop"])
def test_a_generator_on_the_cpu_draws_the_same_for_a_gpu(kind: str) -> None:
    images = torch.rand(20, 3, 16, 16)
    on_gpu = augment(kind, images.cuda(), draws(1), fill=torch.zeros(3))  # type: ignore[arg-type]
    assert on_gpu.is_cuda
    assert torch.equal(on_gpu.cpu(), augment(kind, images, draws(1)))  # type: ignore[arg-type]
