"""Data-free distillation: what the generator wants, and what it makes."""

from __future__ import annotations

import math

import pytest
import torch

from kd_core.outputs import Outputs
from kd_core.protocols.data_free import Generator, generator_losses


def test_the_generator_wants_sure_balanced_and_strong_answers() -> None:
    sure, alike = 20 * torch.eye(4), torch.zeros(4, 4)
    strong, weak = torch.full((4, 3), 2.0), torch.zeros(4, 3)
    best = generator_losses(Outputs(sure, {"embedding": strong}))
    assert float(best["certainty"]) == pytest.approx(0, abs=1e-6)
    assert float(best["balance"]) == pytest.approx(-math.log(4), abs=1e-6)
    assert float(best["excitement"]) == -2
    assert float(generator_losses(Outputs(alike, {"embedding": weak}))["certainty"]) == pytest.approx(math.log(4))
    one_class = generator_losses(Outputs(sure[:1].expand(4, 4), {"embedding": strong}))
    assert float(one_class["balance"]) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 30, 34)], ids=str)
def test_made_up_images_have_the_datasets_shape_and_normalisation(shape: tuple[int, int, int]) -> None:
    made = Generator(20, shape)(torch.randn(64, 20)).detach()
    assert made.shape == (64, *shape)
    assert float(made.mean()) == pytest.approx(0, abs=0.05) and float(made.std()) == pytest.approx(1, abs=0.05)
