"""The squared distance between logits."""

from __future__ import annotations

import pytest
import torch

from kd_core.methods.logit_mse import LogitMSE
from tests.functional.fixed_input import LABELS, STUDENT, TEACHER, G, outputs


def test_the_fixed_input_gives_the_reference_values() -> None:
    found = LogitMSE(teacher_weight=0.9).terms(outputs(), outputs(TEACHER), LABELS)
    assert float(found["teacher"]) == pytest.approx(0.9 * G["logit MSE"], abs=1e-9)
    assert float(found["labels"]) == pytest.approx(0.1 * G["CE"], abs=1e-9)


def test_it_is_torchs_own() -> None:
    found = LogitMSE(teacher_weight=1).terms(outputs(), outputs(TEACHER), None)
    assert float(found["teacher"]) == pytest.approx(float(torch.nn.MSELoss()(STUDENT, TEACHER)), abs=1e-12)


def test_by_hand() -> None:
    student, teacher = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 2.0]])
    assert LogitMSE(teacher_weight=1).terms(outputs(student), outputs(teacher), None)["teacher"] == 2.0


def test_it_notices_a_shift_that_softmax_does_not() -> None:
    found = LogitMSE(teacher_weight=1).terms(outputs(TEACHER + 1), outputs(TEACHER), None)
    assert float(found["teacher"]) == pytest.approx(1.0, abs=1e-12)
