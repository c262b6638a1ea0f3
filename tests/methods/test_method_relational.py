"""RKD: the samples of a batch lie to each other as they do for the teacher."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from kd_core.methods.relational import Relational
from tests.functional.fixed_input import LABELS, TEACHER_VECTORS, G, outputs, teacher_outputs


def relations(embedding: Tensor) -> tuple[float, float]:
    student = replace(outputs(), features={"embedding": embedding})
    found = Relational(distance_weight=1, angle_weight=1).terms(student, teacher_outputs(), LABELS)
    return float(found["distance"]), float(found["angle"])


def test_the_fixed_input_gives_the_reference_values() -> None:
    found = Relational().terms(outputs(), teacher_outputs(), LABELS)
    assert float(found["distance"]) == pytest.approx(25 * G["relational distance"], abs=1e-7)
    assert float(found["angle"]) == pytest.approx(50 * G["relational angle"], abs=1e-7)


def test_what_is_only_turned_moved_and_enlarged_has_the_same_relations() -> None:
    turn, _ = torch.linalg.qr(torch.sin(torch.arange(64, dtype=torch.float64)).reshape(8, 8))
    distance, angle = relations(3 * TEACHER_VECTORS @ turn + 5)
    assert distance == pytest.approx(0, abs=1e-12) and angle == pytest.approx(0, abs=1e-12)


def test_angles_follow_from_their_definition() -> None:
    from kd_core.functional.features import gram_matrix
    from kd_core.methods.relational import _cosines

    found = _cosines(gram_matrix(TEACHER_VECTORS))
    i, j, k = 2, 0, 3
    first, second = TEACHER_VECTORS[j] - TEACHER_VECTORS[i], TEACHER_VECTORS[k] - TEACHER_VECTORS[i]
    assert float(found[i, j, k]) == pytest.approx(float(torch.cosine_similarity(first, second, 0)), abs=1e-12)
    assert found[i, i].abs().max() == 0 and found[i, :, i].abs().max() == 0


def test_equal_samples_and_a_batch_of_one_leave_finite_gradients() -> None:
    for rows in (torch.ones(4, 3), torch.ones(1, 3)):
        embedding = rows.clone().requires_grad_()
        said = replace(outputs(), logits=outputs().logits[: len(rows)], features={"embedding": embedding})
        other = teacher_outputs()
        theirs = replace(other, logits=other.logits[: len(rows)], features={"embedding": TEACHER_VECTORS[: len(rows)]})
        torch.stack(list(Relational().terms(said, theirs, None).values())).sum().backward()  # type: ignore[no-untyped-call]
        assert embedding.grad is not None and embedding.grad.isfinite().all()
