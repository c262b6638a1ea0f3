"""Several teachers: how their answers are mixed, and who they are."""

from __future__ import annotations

import torch

from kd_core.functional.divergences import soften
from kd_core.outputs import Outputs
from kd_core.protocols.base import SEED_STRIDE
from kd_core.protocols.several_teachers import SeveralTeachers
from tests.digits_recipes import DIGITS, OTHERS
from tests.functional.fixed_input import STUDENT, TEACHER


def test_the_mixture_is_the_mean_of_probabilities_not_of_logits() -> None:
    both = torch.stack([STUDENT, TEACHER])
    for temperature in (1.0, 4.0):
        mixed = soften(SeveralTeachers().mix_teachers(both, temperature), temperature)
        assert torch.allclose(mixed, (soften(STUDENT, temperature) + soften(TEACHER, temperature)) / 2)
    assert not torch.allclose(soften(SeveralTeachers().mix_teachers(both)), soften(both.mean(0)))


def test_a_sure_teacher_counts_more_by_confidence() -> None:
    sure, unsure = torch.tensor([[9.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    equal = soften(SeveralTeachers().mix_teachers(torch.stack([sure, unsure])))
    trusted = soften(SeveralTeachers(weighting="confidence").mix_teachers(torch.stack([sure, unsure])))
    assert float(equal[0, 0]) < 0.7 < 0.95 < float(trusted[0, 0])
    assert torch.allclose(trusted.sum(-1), torch.ones(1))


def test_a_scheduled_temperature_mixes_at_the_temperature_in_use() -> None:
    method = DIGITS.method.with_tensors(temperature=7.0)
    heard = SeveralTeachers().transform_teacher(method, Outputs(STUDENT, {}, {"1": TEACHER}))
    assert torch.allclose(soften(heard.logits, 7.0), (soften(STUDENT, 7.0) + soften(TEACHER, 7.0)) / 2)


def test_further_teachers_are_the_recipes_networks_then_other_seeds() -> None:
    recipe = DIGITS.changed({"protocol": {"name": "several_teachers", "teachers": 4}, "others": OTHERS})
    found = recipe.protocol.prerequisites(recipe)
    assert [one.student.label for one in found] == ["MLP 64", "Conv 8-16, fc 32", "MLP 256-256"]
    assert [one.seed for one in found] == [0, 0, SEED_STRIDE]
    assert all(one.data == recipe.teacher.data for one in found if recipe.teacher)
