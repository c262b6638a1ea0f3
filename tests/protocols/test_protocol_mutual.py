"""Mutual learning: how peers differ, and what they tell each other."""

from __future__ import annotations

import math

import pytest
import torch

from kd_core.outputs import Outputs
from kd_core.protocols.base import SEED_STRIDE
from kd_core.protocols.mutual import Mutual
from kd_core.protocols.peers import PeerTrainer, mean_terms
from kd_core.training import Progress
from tests.digits_recipes import DIGITS, OTHERS
from tests.functional.fixed_input import STUDENT, TEACHER


def test_peers_differ_in_their_weights_and_may_differ_in_kind() -> None:
    recipe = DIGITS.changed({"protocol": {"name": "mutual", "networks": 3}})
    assert [peer.seed for peer in Mutual(networks=3).peers(recipe)] == [SEED_STRIDE, 2 * SEED_STRIDE]
    mixed = recipe.changed({"others": OTHERS[1:]})
    assert [peer.student.label for peer in Mutual(networks=3).peers(mixed)] == ["Conv 8-16, fc 32"] * 2


def test_several_peers_count_by_their_mean() -> None:
    terms = mean_terms([{"teacher": torch.tensor(1.0)}, {"teacher": torch.tensor(3.0)}])
    assert terms == {"teacher": torch.tensor(2.0)}


@pytest.mark.parametrize("networks", [2, 3])
def test_a_peer_that_broke_in_this_step_leads_nobody(networks: int) -> None:
    class Member:
        method = DIGITS.method

        def __init__(self, logits: torch.Tensor) -> None:
            self.logits, self.progress = logits, Progress(patience=None)

        def forward(self, images: torch.Tensor, teacher: None) -> tuple[Outputs, None]:
            return Outputs(self.logits, {}), None

        def backward_and_step(self, losses: object) -> None: ...

    members = [Member(STUDENT.float()), Member(torch.full_like(STUDENT.float(), math.nan))]
    members += [Member(TEACHER.float())] * (networks - 2)
    losses = PeerTrainer(members).training_step(torch.zeros(4, 1), torch.arange(4), None)
    for lane, healthy in enumerate([True, False, True][:networks]):
        assert all(bool(values[lane].isfinite()) == healthy for values in losses.values())
    if networks == 2:
        assert float(losses["teacher"][0]) == pytest.approx(0, abs=1e-6)
