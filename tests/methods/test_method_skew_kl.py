"""Skewed KL, forward and reverse."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from kd_core.errors import InvalidSetting
from kd_core.methods.skew_kl import SkewKL
from kd_core.methods.soft_targets import SoftTargets
from tests.functional.fixed_input import LABELS, STUDENT, TEACHER, G, outputs


def teacher_term(student: Tensor = STUDENT, teacher: Tensor = TEACHER, **settings: Any) -> float:
    terms = SkewKL(teacher_weight=1, **settings).terms(outputs(student), outputs(teacher), None)
    return float(terms["teacher"])


@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize("alpha", [0.1, 0.3])
def test_the_fixed_input_gives_the_reference_values(direction: str, alpha: float) -> None:
    found = teacher_term(temperature=1, alpha=alpha, direction=direction)
    assert found == pytest.approx(G[f"skewed {direction} KL at {alpha}"], abs=1e-9)


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_without_skew_it_is_soft_targets(direction: Any) -> None:
    settings = {"temperature": 4, "teacher_weight": 0.6}
    plain = SoftTargets(direction=direction, **settings).terms(outputs(), outputs(TEACHER), LABELS)
    found = SkewKL(alpha=0, direction=direction, **settings).terms(outputs(), outputs(TEACHER), LABELS)
    assert {name: float(term) for name, term in found.items()} == pytest.approx(
        {name: float(term) for name, term in plain.items()}, abs=1e-12
    )


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_however_far_apart_the_networks_are_it_has_a_bound(direction: str) -> None:
    opposite = torch.tensor([[500.0, -500.0, 0.0]], dtype=torch.float64)
    assert teacher_term(opposite, -opposite, alpha=0.1, direction=direction) == pytest.approx(-math.log(0.1), abs=1e-9)


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_at_high_temperature_it_matches_centred_logits_by_the_square_of_what_is_not_its_own(direction: str) -> None:
    student, teacher = (z - z.mean(-1, keepdim=True) for z in (STUDENT, TEACHER))
    answer = outputs(STUDENT, gradient=True)
    method = SkewKL.from_json({"temperature": 1000, "teacher_weight": 1, "alpha": 0.3, "direction": direction})
    method.terms(answer, outputs(TEACHER), None)["teacher"].backward()  # type: ignore[no-untyped-call]
    assert answer.logits.grad is not None
    assert torch.allclose(answer.logits.grad, 0.49 * (student - teacher) / 20, atol=1e-3)


def test_two_classes_are_two_coins() -> None:
    """With two classes only the difference of the logits counts: p = 1 / (1 + e^-d)."""
    student, teacher = STUDENT[:, :2], TEACHER[:, :2]
    q, p = (torch.sigmoid(z[:, 0] - z[:, 1]) for z in (student, teacher))
    m = 0.1 * p + 0.9 * q
    coins = p * (p / m).log() + (1 - p) * ((1 - p) / (1 - m)).log()
    assert teacher_term(student, teacher) == pytest.approx(float(coins.mean()), abs=1e-12)


@pytest.mark.parametrize("settings", [{"alpha": 1}, {"alpha": -0.1}, {"direction": "sideways"}], ids=str)
def test_impossible_settings_are_refused_by_name(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting, match=next(iter(settings))):
        SkewKL.from_json(settings)
