"""Correlation congruence: how much alike samples are, by a Gaussian kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kd_core.methods.correlation_congruence import CorrelationCongruence
from tests.functional.fixed_input import LABELS, STUDENT_VECTORS, TEACHER_VECTORS, outputs, teacher_outputs


def gaussian(features: np.ndarray, gamma: float) -> np.ndarray:
    """The whole kernel, from squared distances between unit vectors."""
    units = features / np.linalg.norm(features, axis=1, keepdims=True)
    return np.exp(-gamma * ((units[:, None] - units[None]) ** 2).sum(2))


def congruence(method: CorrelationCongruence) -> float:
    return float(method.terms(outputs(), teacher_outputs(), LABELS)["congruence"])


@pytest.mark.parametrize("gamma", [0.1, 0.4, 2.0])
def test_a_long_series_is_the_gaussian_kernel(gamma: float) -> None:
    own, theirs = (gaussian(one.numpy(), gamma) for one in (STUDENT_VECTORS, TEACHER_VECTORS))
    found = congruence(CorrelationCongruence(gamma=gamma, order=20, weight=1.0))
    assert found == pytest.approx(((own - theirs) ** 2).mean(), rel=1e-9)


def test_two_orders_by_hand() -> None:
    cosines = [np.corrcoef(np.hstack([one.numpy(), -one.numpy()])) for one in (STUDENT_VECTORS, TEACHER_VECTORS)]
    own, theirs = (np.exp(-0.8) * (1 + 0.8 * one + 0.32 * one**2) for one in cosines)
    assert congruence(CorrelationCongruence()) == pytest.approx(300 * ((own - theirs) ** 2).mean(), rel=1e-9)


def test_lengths_do_not_matter() -> None:
    student = replace(outputs(), features={"embedding": 9 * TEACHER_VECTORS})
    found = CorrelationCongruence().terms(student, teacher_outputs(), LABELS)
    assert float(found["congruence"]) == pytest.approx(0, abs=1e-12)
