"""How strongly each loss term pulls, by hand calculation."""

from __future__ import annotations

import pytest
import torch

from kd_core.functional.gradients import GRADIENT_EPOCHS, gradient_shares, is_gradient_epoch
from kd_core.recipe.presets import PRESETS


def test_shares_are_lengths_over_their_sum() -> None:
    weights = torch.tensor([1.0, 2.0], requires_grad=True)
    other = torch.tensor([5.0], requires_grad=True)
    terms = {"labels": 3 * weights[0] + 0 * other.sum(), "teacher": 4 * weights[1] + 3 * other.sum()}
    found = gradient_shares(terms, [weights, other])
    assert {name: float(share) for name, share in found.items()} == pytest.approx({"labels": 3 / 8, "teacher": 5 / 8})


def test_a_term_that_depends_on_nothing_pulls_at_nothing() -> None:
    weights = torch.tensor([1.0], requires_grad=True)
    found = gradient_shares({"labels": weights.sum(), "teacher": torch.tensor(7.0)}, [weights])
    assert float(found["teacher"]) == 0 and float(found["labels"]) == 1


def test_lanes_pull_at_their_own_weights() -> None:
    stacked = torch.ones(2, 1, 3, requires_grad=True)
    first = (stacked.squeeze(1) * torch.tensor([[1.0], [0.0]])).sum(1)
    second = (stacked.squeeze(1) * torch.tensor([[1.0], [2.0]])).sum(1)
    found = gradient_shares({"a": first, "b": second}, [stacked], lanes=2)
    assert found["a"].tolist() == [0.5, 0] and found["b"].tolist() == [0.5, 1]


def test_looking_changes_nothing_about_the_step() -> None:
    weights = torch.tensor([1.0, 2.0], requires_grad=True)
    term = (weights**2).sum()
    gradient_shares({"labels": term}, [weights])
    term.backward()  # type: ignore[no-untyped-call]
    assert weights.grad is not None and weights.grad.tolist() == [2, 4]


def test_a_long_training_is_looked_at_now_and_then_and_at_its_end() -> None:
    for epochs in (1, 7, 60, 2000):
        due = [epoch for epoch in range(epochs) if is_gradient_epoch(epoch, epochs)]
        assert due[0] == 0 and due[-1] == epochs - 1 and len(due) <= 2 * GRADIENT_EPOCHS + 1
    assert PRESETS["digits"].recipe.optim.epochs == 60
