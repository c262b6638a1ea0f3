"""Knowledge distillation as Hinton, Vinyals and Dean described it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from kd_core.errors import InvalidSetting
from kd_core.methods.soft_targets import SoftTargets
from tests.functional.fixed_input import LABELS, STUDENT, TEACHER, G, outputs


def terms(student: Tensor = STUDENT, teacher: Tensor = TEACHER, **settings: Any) -> dict[str, float]:
    found = SoftTargets(**settings).terms(outputs(student), outputs(teacher), LABELS)
    return {name: float(term) for name, term in found.items()}


def test_the_fixed_input_gives_the_reference_values() -> None:
    found = terms(temperature=4, teacher_weight=0.9)
    assert found["teacher"] == pytest.approx(0.9 * G["KL x T² at 4"], abs=1e-9)
    assert found["labels"] == pytest.approx(0.1 * G["CE"], abs=1e-9)


def test_the_reverse_direction_gives_the_reference_value() -> None:
    found = terms(temperature=4, teacher_weight=1, direction="reverse")
    assert found["teacher"] == pytest.approx(G["reverse KL x T² at 4"], abs=1e-9)


def test_averaging_over_classes_is_what_torchs_kldivloss_does_by_default() -> None:
    found = terms(temperature=4, teacher_weight=1, mean_over_classes=True)["teacher"]
    log_s, p_t = functional.log_softmax(STUDENT / 4, -1), functional.softmax(TEACHER / 4, -1)
    with pytest.warns(UserWarning, match="batchmean"):  # torch says itself that this is not the divergence
        torchs = torch.nn.KLDivLoss()(log_s, p_t) * 16
    assert found == pytest.approx(float(torchs), abs=1e-12)
    assert found == pytest.approx(G["KL x T² at 4, mean over classes"], abs=1e-9)


def test_without_t_squared_the_term_is_the_plain_divergence() -> None:
    found = terms(temperature=4, teacher_weight=1, scale_by_t2=False)
    assert found["teacher"] == pytest.approx(G["KL x T² at 4"] / 16, abs=1e-9)


def test_identical_logits_leave_nothing_to_learn_from_the_teacher() -> None:
    for direction in ("forward", "reverse"):
        assert terms(student=TEACHER, direction=direction)["teacher"] == 0


def test_the_label_weight_is_what_the_teacher_leaves_unless_it_is_set() -> None:
    assert terms(teacher_weight=0.7)["labels"] == pytest.approx(0.3 * G["CE"], abs=1e-9)
    assert terms(teacher_weight=0.7, label_weight=1)["labels"] == pytest.approx(G["CE"], abs=1e-9)
    assert terms(teacher_weight=0.7, label_weight=0)["labels"] == 0


def test_at_high_temperature_it_matches_logits() -> None:
    student, teacher = (z - z.mean(-1, keepdim=True) for z in (STUDENT, TEACHER))
    answer = outputs(student, gradient=True)
    method = SoftTargets(temperature=1000, teacher_weight=1)
    method.terms(answer, outputs(teacher), None)["teacher"].backward()  # type: ignore[no-untyped-call]
    assert answer.logits.grad is not None
    assert torch.allclose(answer.logits.grad, (student - teacher) / 20, atol=1e-3)


@pytest.mark.parametrize(
    "settings",
    [{"temperature": 0}, {"temperature": -1}, {"temperature": float("nan")}, {"teacher_weight": 1.1}, {"alpha": 0.5}],
    ids=str,
)
def test_impossible_settings_are_refused_by_name(settings: dict[str, float]) -> None:
    with pytest.raises(InvalidSetting, match=next(iter(settings))):
        SoftTargets.from_json(settings)
