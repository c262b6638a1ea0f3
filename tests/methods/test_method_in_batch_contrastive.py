"""In-batch contrast: what two networks say of one image finds each other."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from kd_core.methods.in_batch_contrastive import InBatchContrastive
from tests.functional.fixed_input import LABELS, outputs, teacher_outputs


def contrast(own: Tensor, theirs: Tensor, tau: float = 0.07) -> float:
    student, teacher = outputs(), teacher_outputs()
    student = replace(student, features={**student.features, "projection": own})
    teacher = replace(teacher, features={**teacher.features, "projection": theirs})
    return float(InBatchContrastive(tau=tau).terms(student, teacher, LABELS)["contrast"])


def test_embeddings_that_tell_nothing_cost_the_logarithm_of_the_batch() -> None:
    assert contrast(torch.ones(4, 3), torch.ones(4, 3)) == pytest.approx(math.log(4), abs=1e-6)


def test_embeddings_of_one_image_that_agree_cost_almost_nothing() -> None:
    assert contrast(torch.eye(4), 5 * torch.eye(4)) == pytest.approx(3 * math.exp(-1 / 0.07), rel=1e-3, abs=1e-6)


def test_by_hand_for_two_images() -> None:
    own, theirs = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    rows = math.log(1 + math.exp(0.6 - 1)) + math.log(1 + math.exp(0.0 - 0.8))
    columns = math.log(1 + math.exp(0.0 - 1)) + math.log(1 + math.exp(0.6 - 0.8))
    assert contrast(own, theirs, tau=1.0) == pytest.approx((rows + columns) / 4, abs=1e-6)
