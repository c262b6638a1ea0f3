"""Soft targets on standardised logits."""

from __future__ import annotations

import pytest
import torch

from kd_core.methods.logit_standardization import LogitStandardization, standardized
from tests.functional.fixed_input import LABELS, STUDENT, TEACHER, G, outputs, teacher_outputs


def test_the_fixed_input_gives_the_reference_value() -> None:
    found = LogitStandardization(teacher_weight=1).terms(outputs(), teacher_outputs(), LABELS)
    assert float(found["teacher"]) == pytest.approx(G["logit standardization at 2"], abs=1e-6)


def test_a_shift_and_a_factor_of_either_network_change_nothing() -> None:
    plain = LogitStandardization().terms(outputs(), teacher_outputs(), LABELS)["teacher"]
    moved = LogitStandardization().terms(outputs(3 * STUDENT + 1), teacher_outputs(0.2 * TEACHER - 7), LABELS)
    assert float(moved["teacher"]) == pytest.approx(float(plain), abs=1e-5)


def test_logits_become_centred_with_unit_spread() -> None:
    found = standardized(STUDENT)
    assert torch.allclose(found.mean(-1), torch.zeros(4, dtype=torch.float64), atol=1e-12)
    assert torch.allclose(found.std(-1), torch.ones(4, dtype=torch.float64), atol=1e-6)


def test_equal_logits_of_a_sample_leave_a_finite_gradient() -> None:
    student = outputs(torch.ones(4, 5), gradient=True)
    LogitStandardization().terms(student, teacher_outputs(TEACHER.float()), None)["teacher"].backward()  # type: ignore[no-untyped-call]
    assert student.logits.grad is not None and student.logits.grad.isfinite().all()
