"""Jensen-Shannon between teacher and student."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from kd_core.errors import InvalidSetting
from kd_core.methods.jensen_shannon import JensenShannon
from kd_core.methods.soft_targets import SoftTargets
from tests.functional.fixed_input import LABELS, STUDENT, TEACHER, G, outputs


def teacher_term(student: Tensor = STUDENT, teacher: Tensor = TEACHER, **settings: Any) -> float:
    terms = JensenShannon(teacher_weight=1, **settings).terms(outputs(student), outputs(teacher), None)
    return float(terms["teacher"])


def slope(method: JensenShannon | SoftTargets) -> Tensor:
    """Return the gradient of the teacher's term on the student's logits, (4, 5)."""
    student = outputs(gradient=True)
    method.terms(student, outputs(TEACHER), None)["teacher"].backward()  # type: ignore[no-untyped-call]
    assert student.logits.grad is not None
    return student.logits.grad


@pytest.mark.parametrize("beta", [0.1, 0.5, 0.9])
def test_the_fixed_input_gives_the_reference_values(beta: float) -> None:
    assert teacher_term(temperature=1, beta=beta) == pytest.approx(G[f"JSD at {beta}"], abs=1e-9)


def test_both_terms_are_weighed_and_the_teachers_is_times_t_squared() -> None:
    terms = JensenShannon(temperature=3, teacher_weight=0.7).terms(outputs(), outputs(TEACHER), LABELS)
    assert float(terms["labels"]) == pytest.approx(0.3 * G["CE"], abs=1e-9)
    at_one = teacher_term(STUDENT / 3, TEACHER / 3, temperature=1)
    assert float(terms["teacher"]) == pytest.approx(0.7 * 9 * at_one, abs=1e-12)


@pytest.mark.parametrize(("beta", "direction", "share"), [(1e-5, "forward", 1e-5), (1 - 1e-5, "reverse", 1e-5)])
def test_at_its_ends_it_points_where_forward_and_reverse_kl_do(beta: float, direction: Any, share: float) -> None:
    plain = slope(SoftTargets(temperature=1, teacher_weight=1, direction=direction))
    assert torch.allclose(slope(JensenShannon(beta=beta, teacher_weight=1)) / share, plain, atol=1e-3)


@pytest.mark.parametrize("beta", [0.1, 0.5, 0.9])
def test_at_high_temperature_it_matches_centred_logits_by_beta_times_its_rest(beta: float) -> None:
    student, teacher = (z - z.mean(-1, keepdim=True) for z in (STUDENT, TEACHER))
    found = slope(JensenShannon(temperature=1000, teacher_weight=1, beta=beta))
    assert torch.allclose(found, beta * (1 - beta) * (student - teacher) / 20, atol=1e-3)


def test_two_classes_are_two_coins() -> None:
    """With two classes only the difference of the logits counts: p = 1 / (1 + e^-d)."""
    student, teacher = STUDENT[:, :2], TEACHER[:, :2]
    q, p = (torch.sigmoid(z[:, 0] - z[:, 1]) for z in (student, teacher))
    m = 0.3 * p + 0.7 * q
    coins = [
        0.3 * (a * (a / b).log() + (1 - a) * ((1 - a) / (1 - b)).log())
        + 0.7 * (c * (c / b).log() + (1 - c) * ((1 - c) / (1 - b)).log())
        for a, b, c in zip(p, m, q, strict=True)
    ]
    assert teacher_term(student, teacher, beta=0.3) == pytest.approx(float(torch.stack(coins).mean()), abs=1e-12)


def test_networks_that_agree_have_nothing_to_learn() -> None:
    assert teacher_term(student=TEACHER + 5) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("beta", [0, 1, -0.1, float("nan")])
def test_a_mixture_that_is_one_network_alone_is_refused_by_name(beta: float) -> None:
    with pytest.raises(InvalidSetting, match="beta"):
        JensenShannon.from_json({"beta": beta})
