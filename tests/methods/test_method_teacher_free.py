"""Tf-KD: a made-up teacher that is always right."""

from __future__ import annotations

import pytest
import torch

from kd_core.methods.teacher_free import TeacherFree
from tests.functional.fixed_input import LABELS, STUDENT, G, outputs


def test_the_fixed_input_gives_the_reference_value() -> None:
    found = TeacherFree(weight=0.1).terms(outputs(), None, LABELS)
    assert float(found["made_up"]) == pytest.approx(0.1 * G["teacher-free"], abs=1e-9)
    assert float(found["labels"]) == pytest.approx(0.9 * G["CE"], abs=1e-9)


def test_only_images_with_a_label_have_a_made_up_teacher() -> None:
    half = TeacherFree().terms(outputs(), None, torch.tensor([0, 1, -1, -1]))
    first = TeacherFree().terms(outputs(STUDENT[:2]), None, LABELS[:2])
    assert torch.allclose(half["made_up"], first["made_up"])
    assert TeacherFree().terms(outputs(), None, torch.full((4,), -1))["made_up"] == 0


def test_it_wants_no_certainty() -> None:
    """At weight 1 the loss is smallest where the student says what the made-up teacher says, not where it is sure."""
    told = torch.full((1, 5), 0.01 / 4, dtype=torch.float64)
    told[0, 0] = 0.99
    right = torch.tensor([0])
    sure = torch.tensor([[40.0, 0, 0, 0, 0]], dtype=torch.float64)
    method = TeacherFree(weight=1)
    assert method.terms(outputs(told / 20), None, right)["made_up"] == pytest.approx(0, abs=1e-12)
    assert method.terms(outputs(sure), None, right)["made_up"] > 1
