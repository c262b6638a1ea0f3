"""Be your own teacher: exits on a network's way."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from kd_core.functional.divergences import kl_divergence, label_cross_entropy
from kd_core.methods.self_exits import SelfExits
from kd_core.networks.auxiliary import EarlyExits
from kd_core.outputs import Outputs
from tests.functional.fixed_input import LABELS, STUDENT, STUDENT_VECTORS, TEACHER, G, outputs


def test_the_terms_are_the_formula() -> None:
    features = {**outputs().features, "exit_early": STUDENT_VECTORS + 2}
    said = replace(outputs(), heads={"early": TEACHER}, features=features)
    found = SelfExits().terms(said, outputs(), LABELS)
    assert float(found["labels"]) == pytest.approx(G["CE"], abs=1e-9)
    assert float(found["exit_labels"]) == pytest.approx(0.7 * float(label_cross_entropy(TEACHER, LABELS)))
    assert float(found["exits"]) == pytest.approx(0.3 * 9 * float(kl_divergence(STUDENT, TEACHER, 3)))
    assert float(found["features"]) == pytest.approx(0.03 * 4)


def test_the_end_is_not_moved_towards_its_exits() -> None:
    student = outputs(gradient=True)
    terms = SelfExits().terms(*EarlyExits(student).double()(student, None), LABELS)
    moving = terms["exits"] + terms["features"] + terms["exit_labels"]
    to_logits, to_embedding = torch.autograd.grad(
        moving, [student.logits, student.features["embedding"]], allow_unused=True
    )
    assert to_logits is not None and not to_logits.any() and to_embedding is None


def test_every_depth_before_the_end_has_an_exit() -> None:
    auxiliary = EarlyExits(outputs()).double()
    said, _ = auxiliary(outputs(), None)
    assert set(said.heads) == {"early", "middle"} and said.heads["early"].shape == STUDENT.shape
    assert said.features["exit_middle"].shape == STUDENT_VECTORS.shape


def test_depths_that_are_one_layer_have_one_exit() -> None:
    layer = torch.rand(4, 6)
    said = Outputs(STUDENT.float(), {"early": layer, "middle": layer, "late": layer, "embedding": layer})
    assert set(EarlyExits(said)(said, None)[0].heads) == {"early"}
