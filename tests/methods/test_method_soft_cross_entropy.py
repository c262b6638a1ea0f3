"""Soft targets written as a cross-entropy."""

from __future__ import annotations

import pytest
import torch

from kd_core.methods import METHODS
from kd_core.methods.soft_cross_entropy import SoftCrossEntropy
from tests.functional.fixed_input import LABELS, TEACHER, G, outputs


def test_the_fixed_input_gives_the_reference_values() -> None:
    found = SoftCrossEntropy(temperature=4, teacher_weight=0.9).terms(outputs(), outputs(TEACHER), LABELS)
    assert float(found["teacher"]) == pytest.approx(0.9 * G["soft CE x T² at 4"], abs=1e-8)
    assert float(found["labels"]) == pytest.approx(0.1 * G["CE"], abs=1e-9)


def test_it_lies_above_soft_targets_by_the_teachers_entropy() -> None:
    soft, kl = (
        METHODS[name](temperature=4, teacher_weight=1).terms(outputs(), outputs(TEACHER), None)["teacher"]
        for name in ("soft_cross_entropy", "soft_targets")
    )
    assert float(soft - kl) == pytest.approx(G["teacher's entropy x T² at 4"], abs=1e-8)


def test_its_gradient_is_that_of_soft_targets() -> None:
    slopes = []
    for name in ("soft_cross_entropy", "soft_targets"):
        student = outputs(gradient=True)
        found = METHODS[name](temperature=4).terms(student, outputs(TEACHER), LABELS)
        torch.stack(list(found.values())).sum().backward()  # type: ignore[no-untyped-call]
        slopes.append(student.logits.grad)
    assert slopes[0] is not None and slopes[1] is not None
    assert torch.allclose(slopes[0], slopes[1], rtol=0, atol=1e-12)
