"""PKT: who is whose neighbour, as probabilities."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kd_core.methods.pkt import PKT
from tests.functional.fixed_input import LABELS, TEACHER_VECTORS, G, outputs, teacher_outputs


def test_the_fixed_input_gives_the_reference_value() -> None:
    found = PKT().terms(outputs(), teacher_outputs(), LABELS)
    assert float(found["neighbours"]) == pytest.approx(30000 * G["PKT"], rel=1e-6)


def test_lengths_do_not_matter() -> None:
    student = replace(outputs(), features={"embedding": 9 * TEACHER_VECTORS})
    assert float(PKT().terms(student, teacher_outputs(), LABELS)["neighbours"]) == pytest.approx(0, abs=1e-9)
