"""Cross-modal distillation: the student's network begins with its view."""

from __future__ import annotations

import pytest
import torch

from kd_core.networks.views import VIEWS, ThroughView
from tests.digits_recipes import DIGITS


@pytest.mark.parametrize("view", list(VIEWS))
def test_the_students_network_begins_with_its_view(view: str) -> None:
    recipe = DIGITS.changed({"protocol": {"name": "cross_modal", "view": view}})
    network = recipe.build((1, 8, 8), 10).eval()
    assert isinstance(network, ThroughView)
    images = torch.rand(3, 1, 8, 8)
    assert torch.equal(network(images).logits, network.inner(VIEWS[view](images)).logits)
    assert recipe.teacher is not None and not isinstance(recipe.teacher.build((1, 8, 8), 10), ThroughView)
    assert recipe.baseline().protocol == recipe.protocol, "the student alone sees no more"
