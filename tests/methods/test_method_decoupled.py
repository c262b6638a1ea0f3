"""DKD: soft targets in their two parts."""

from __future__ import annotations

import pytest
import torch

from kd_core.functional.divergences import kl_per_sample, soften
from kd_core.methods.decoupled import Decoupled, parts
from kd_core.recipe.presets import PRESETS
from tests.functional.fixed_input import LABELS, STUDENT, TEACHER, G, outputs, teacher_outputs


def test_the_fixed_input_gives_the_reference_values() -> None:
    found = Decoupled(temperature=4).terms(outputs(), teacher_outputs(), LABELS)
    assert float(found["target"]) == pytest.approx(G["TCKD x T² at 4"], abs=1e-9)
    assert float(found["others"]) == pytest.approx(8 * G["NCKD x T² at 4"], abs=1e-8)
    assert float(found["target"] + found["others"]) == pytest.approx(G["decoupled at 1 and 8"], abs=1e-8)


@pytest.mark.parametrize("temperature", [1.0, 4.0, 20.0])
def test_the_two_parts_make_up_the_divergence_of_soft_targets(temperature: float) -> None:
    target, others = parts(TEACHER, STUDENT, LABELS, temperature)
    left = 1 - soften(TEACHER, temperature)[range(4), LABELS]
    assert torch.allclose(target + left * others, kl_per_sample(TEACHER, STUDENT, temperature), rtol=0, atol=1e-12)


def test_a_teacher_that_leaves_nothing_to_the_others_still_ranks_them() -> None:
    teacher = torch.tensor([[60.0, 2.0, 1.0]], dtype=torch.float64)
    student = torch.tensor([[60.0, 1.0, 2.0]], dtype=torch.float64)
    target, others = parts(teacher, student, torch.tensor([0]), 1.0)
    gap = (torch.e - 1) / (torch.e + 1)  # of (e, 1) / (e + 1) against (1, e) / (e + 1)
    assert float(others) == pytest.approx(gap, abs=1e-12) and float(target) == pytest.approx(0, abs=1e-12)


def test_the_first_choice_of_the_teacher_stands_for_a_withheld_label() -> None:
    first = TEACHER.argmax(-1)
    withheld = Decoupled().terms(outputs(), teacher_outputs(), torch.full((4,), -1))
    told = Decoupled().terms(outputs(), teacher_outputs(), first)
    assert withheld["target"] == told["target"] and withheld["others"] == told["others"]


def test_the_warm_up_of_the_paper_is_a_schedule() -> None:
    recipe = PRESETS["digits"].recipe.changed({"method": {"name": "decoupled"}}).changed(Decoupled.variants["warm_up"])
    values = [recipe.schedules["others_weight"].value(8.0, epoch, 60) for epoch in (0, 9, 19, 59)]
    assert values == pytest.approx([0.4, 4.0, 8.0, 8.0])
