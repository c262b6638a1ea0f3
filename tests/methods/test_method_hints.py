"""FitNets: the student's middle is led to the teacher's."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from kd_core.methods.hints import HINT_SHARE, Hints
from kd_core.recipe.presets import PRESETS
from tests.functional.fixed_input import LABELS, STUDENT_MAPS, TEACHER_MAPS, G, outputs, teacher_outputs


def test_the_fixed_input_gives_the_reference_value() -> None:
    student = replace(outputs(), features={"middle": STUDENT_MAPS[:, :2]})
    found = Hints(weight=100).terms(student, teacher_outputs(), LABELS)
    assert float(found["hint"]) == pytest.approx(100 * G["hints"], abs=1e-7)
    assert float(found["labels"]) == pytest.approx(G["CE"], abs=1e-9), "soft targets are off, so the labels count whole"
    assert found["teacher"] == 0


def test_equal_features_leave_nothing_to_learn() -> None:
    student = replace(outputs(), features={"middle": TEACHER_MAPS})
    assert Hints().terms(student, teacher_outputs(), LABELS)["hint"] == 0


@pytest.mark.parametrize("layer", ["early", "middle", "late", "embedding"])
def test_the_bridge_makes_the_student_as_wide_as_the_teacher(layer: str) -> None:
    method = Hints.from_json({"layer": layer})
    auxiliary = method.auxiliary(outputs(), teacher_outputs())
    assert auxiliary is not None
    student, teacher = auxiliary.double()(outputs(), teacher_outputs())
    assert teacher is not None and student.features[layer].shape == teacher.features[layer].shape


def test_maps_of_unequal_size_meet_at_the_smaller_one() -> None:
    small = torch.rand(4, 5, 2, 2, dtype=torch.float64)
    student = replace(outputs(), features={"middle": small})
    auxiliary = Hints().auxiliary(student, teacher_outputs())
    assert auxiliary is not None
    own, theirs = auxiliary.double()(student, teacher_outputs())
    assert own.features["middle"].shape == (4, 2, 2, 2)
    assert theirs is not None
    assert torch.allclose(theirs.features["middle"], TEACHER_MAPS.reshape(4, 2, 2, 2, 2, 2).mean((3, 5)))


def test_a_vector_meets_a_map_at_its_mean() -> None:
    student = replace(outputs(), features={"middle": torch.rand(4, 7, dtype=torch.float64)})
    auxiliary = Hints().auxiliary(student, teacher_outputs())
    assert auxiliary is not None
    own, theirs = auxiliary.double()(student, teacher_outputs())
    assert theirs is not None and own.features["middle"].shape == (4, 2)
    assert torch.equal(theirs.features["middle"], TEACHER_MAPS.mean((2, 3)))


def test_in_two_stages_the_hint_comes_first_and_alone() -> None:
    plain = PRESETS["digits"].recipe.changed({"method": {"name": "hints"}, "optim.epochs": 10})
    recipe = plain.changed(Hints.variants["two_stages"])
    starts = {name: getattr(recipe.method, name) for name in recipe.schedules}
    weights = [
        {name: rule.value(starts[name], epoch, 10) for name, rule in recipe.schedules.items()} for epoch in range(10)
    ]
    first = round(10 * HINT_SHARE)
    assert all(w == {"weight": 100, "label_weight": 0, "teacher_weight": 0} for w in weights[:first])
    assert all(w == {"weight": 0, "label_weight": 0.1, "teacher_weight": 0.9} for w in weights[first:])
