"""What else can be asked about an image, by hand."""

from __future__ import annotations

import pytest
import torch

from kd_core.datasets.targets import slant, thickness


def test_slant_is_how_far_ink_moves_to_the_right_for_each_pixel_up() -> None:
    upright, right = torch.zeros(2, 1, 9, 9, dtype=torch.uint8)
    upright[0, :, 4] = 255
    for step in range(9):
        right[0, 8 - step, step] = 255
    found = slant(torch.stack([upright, right, right.flip(2)]))
    assert found.tolist() == pytest.approx([0, 1, -1], abs=1e-5)


def test_thick_strokes_are_thicker() -> None:
    thin, thick = torch.zeros(2, 1, 9, 9, dtype=torch.uint8)
    thin[0, 1:8, 4] = 255
    thick[0, 1:8, 3:6] = 255
    found = thickness(torch.stack([thin, thick]))
    assert float(found[0]) < float(found[1])
