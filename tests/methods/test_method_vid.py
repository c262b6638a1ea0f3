"""VID: features as a Gaussian with a learned variance."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from kd_core.methods.vid import FIRST_VARIANCE, VID
from tests.functional.fixed_input import LABELS, STUDENT_MAPS, TEACHER_MAPS, G, outputs, teacher_outputs


def test_with_unit_variance_it_is_half_the_hint() -> None:
    ones = torch.ones(2, 1, 1, dtype=torch.float64)
    student = replace(outputs(), features={"late": STUDENT_MAPS[:, :2], "variance": ones})
    found = VID(weight=1).terms(student, teacher_outputs(), LABELS)
    assert float(found["likelihood"]) == pytest.approx(G["hints"] / 2, abs=1e-9)


def test_it_is_the_gaussians_negative_log_likelihood() -> None:
    variance = torch.tensor([0.5, 3.0], dtype=torch.float64).reshape(2, 1, 1)
    student = replace(outputs(), features={"late": STUDENT_MAPS[:, :2], "variance": variance})
    found = VID(weight=1).terms(student, teacher_outputs(), LABELS)["likelihood"]
    spread = variance.sqrt().expand_as(TEACHER_MAPS)
    by_torch = -torch.distributions.Normal(STUDENT_MAPS[:, :2], spread).log_prob(TEACHER_MAPS).mean()
    assert float(found) == pytest.approx(float(by_torch) - 0.5 * float(torch.log(torch.tensor(2 * torch.pi))), abs=1e-6)


def test_the_variance_begins_where_the_paper_begins() -> None:
    auxiliary = VID().auxiliary(outputs(), teacher_outputs())
    assert auxiliary is not None
    student, _ = auxiliary.double()(outputs(), teacher_outputs())
    assert student.features["late"].shape == TEACHER_MAPS.shape
    assert torch.allclose(student.features["variance"], torch.tensor(FIRST_VARIANCE, dtype=torch.float64), atol=1e-6)
