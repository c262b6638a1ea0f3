"""Attention transfer: the student looks where the teacher looks."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from kd_core.errors import FeatureMissing
from kd_core.functional.features import attention_map
from kd_core.methods.attention_transfer import AttentionTransfer
from kd_core.recipe.presets import PRESETS
from tests.functional.fixed_input import LABELS, STUDENT_MAPS, TEACHER_MAPS, G, outputs, teacher_outputs


def test_the_fixed_input_gives_the_reference_value() -> None:
    found = AttentionTransfer(layers="late").terms(outputs(), teacher_outputs(), LABELS)
    assert float(found["attention"]) == pytest.approx(1000 * G["attention"], abs=1e-6)


def test_all_layers_add_up() -> None:
    found = AttentionTransfer(weight=1).terms(outputs(), teacher_outputs(), LABELS)
    assert float(found["attention"]) == pytest.approx(3 * G["attention"], abs=1e-9)


def test_the_larger_map_is_pooled_to_the_smaller() -> None:
    pooled = TEACHER_MAPS.reshape(4, 2, 2, 2, 2, 2).mean((3, 5))
    student = replace(outputs(), features={"late": pooled})
    found = AttentionTransfer(layers="late").terms(student, teacher_outputs(), LABELS)["attention"]
    assert float(found) == pytest.approx(0, abs=1e-12)


def test_a_picture_of_attention_knows_no_scale_and_no_sign() -> None:
    assert torch.allclose(attention_map(STUDENT_MAPS), attention_map(-7 * STUDENT_MAPS))
    assert torch.allclose(attention_map(STUDENT_MAPS).square().sum(1), torch.ones(4, dtype=torch.float64))


def test_networks_without_maps_are_refused_by_name() -> None:
    with pytest.raises(FeatureMissing, match="needs maps, which the network 'mlp' does not provide"):
        PRESETS["digits"].recipe.changed({"method": {"name": "attention_transfer"}})
