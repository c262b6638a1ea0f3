"""What a network with a cheaper sensor sees, by hand."""

from __future__ import annotations

import pytest
import torch

from kd_core.networks.views import edges, low_resolution, sums


def test_views_by_hand() -> None:
    image = torch.zeros(1, 1, 8, 8)
    image[0, 0, 2, 4:] = 1
    assert sums(image)[0, 0, 0].tolist() == [0, 0, 0.5, 0, 0, 0, 0, 0]
    assert sums(image)[0, 0, 1].tolist() == [0, 0, 0, 0, 0.125, 0.125, 0.125, 0.125]
    assert low_resolution(image).shape == (1, 1, 2, 2)
    assert low_resolution(image)[0, 0].tolist() == [[0, 0.25], [0, 0]]
    flat = edges(torch.ones(1, 1, 8, 8))[0, 0, 1:-1, 1:-1]
    assert float(flat.max()) == pytest.approx(1e-3) and float(edges(image).max()) > 0.5
