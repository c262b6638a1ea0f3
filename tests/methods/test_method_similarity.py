"""SP: images that are alike to the teacher become alike to the student."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kd_core.methods.similarity import Similarity
from tests.functional.fixed_input import LABELS, TEACHER_MAPS, G, outputs, teacher_outputs


def test_the_fixed_input_gives_the_reference_value() -> None:
    found = Similarity().terms(outputs(), teacher_outputs(), LABELS)
    assert float(found["similarity"]) == pytest.approx(3000 * G["similarity"], abs=1e-6)


def test_other_units_of_a_layer_change_nothing() -> None:
    student = replace(outputs(), features={"late": -4 * TEACHER_MAPS.flip(1)})
    found = Similarity().terms(student, teacher_outputs(), LABELS)
    assert float(found["similarity"]) == pytest.approx(0, abs=1e-12)
