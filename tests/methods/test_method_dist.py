"""DIST: relations by correlation."""

from __future__ import annotations

import pytest
import torch

from kd_core.methods.dist import Dist
from tests.functional.fixed_input import LABELS, TEACHER, G, outputs, teacher_outputs


def test_the_fixed_input_gives_the_reference_values() -> None:
    found = Dist().terms(outputs(), teacher_outputs(), LABELS)
    assert float(found["within_images"]) == pytest.approx(2 * G["DIST within images"], abs=1e-8)
    assert float(found["within_classes"]) == pytest.approx(2 * G["DIST within classes"], abs=1e-8)


def test_correlation_is_pearsons() -> None:
    found = Dist(classes_weight=1).terms(outputs(), teacher_outputs(), LABELS)["within_images"]
    own, theirs = (torch.softmax(one.logits, -1) for one in (outputs(), teacher_outputs()))
    rows = [torch.corrcoef(torch.stack(pair))[0, 1] for pair in zip(own, theirs, strict=True)]
    assert float(found) == pytest.approx(1 - float(torch.stack(rows).mean()), abs=1e-9)


def test_the_same_order_and_proportions_are_enough() -> None:
    found = Dist(temperature=2).terms(outputs(TEACHER + 5), teacher_outputs(), LABELS)
    assert float(found["within_images"]) == pytest.approx(0, abs=1e-12)
    assert float(found["within_classes"]) == pytest.approx(0, abs=1e-12)
