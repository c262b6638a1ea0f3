"""Learning from hard labels alone."""

from __future__ import annotations

import pytest
import torch

from kd_core.methods.labels_only import LabelsOnly
from tests.functional.fixed_input import LABELS, TEACHER, G, outputs


def test_the_fixed_input_gives_the_reference_value() -> None:
    assert float(LabelsOnly().terms(outputs(), None, LABELS)["labels"]) == pytest.approx(G["CE"], abs=1e-9)


def test_a_teacher_changes_nothing() -> None:
    with_teacher = LabelsOnly().terms(outputs(), outputs(TEACHER), LABELS)
    assert with_teacher == LabelsOnly().terms(outputs(), None, LABELS)


def test_without_labels_nothing_is_learned() -> None:
    assert LabelsOnly().terms(outputs(), None, None)["labels"] == 0


def test_the_gradient_is_probability_minus_label() -> None:
    student = outputs(gradient=True)
    LabelsOnly().terms(student, None, LABELS)["labels"].backward()  # type: ignore[no-untyped-call]
    expected = (student.logits.detach().softmax(-1) - torch.eye(5, dtype=torch.float64)[LABELS]) / 4
    assert student.logits.grad is not None and torch.allclose(student.logits.grad, expected)
