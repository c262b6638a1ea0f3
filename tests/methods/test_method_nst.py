"""NST: what kinds of channels a layer has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kd_core.methods.nst import NST
from tests.functional.fixed_input import LABELS, TEACHER_MAPS, G, outputs, teacher_outputs


def test_the_fixed_input_gives_the_reference_value() -> None:
    found = NST().terms(outputs(), teacher_outputs(), LABELS)
    assert float(found["channels"]) == pytest.approx(50 * G["NST"], abs=1e-7)


def test_the_order_the_sign_and_the_strength_of_channels_do_not_matter() -> None:
    student = replace(outputs(), features={"late": -3 * TEACHER_MAPS.flip(1)})
    assert float(NST().terms(student, teacher_outputs(), LABELS)["channels"]) == pytest.approx(0, abs=1e-12)
