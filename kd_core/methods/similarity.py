"""Similarity-preserving distillation: which samples of a batch are alike."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor
from torch.nn.functional import normalize

from kd_core.functional import gram_matrix
from kd_core.methods.base import WithSoftTargets, method_weight
from kd_core.outputs import Outputs
from kd_core.settings import setting


class Similarity(WithSoftTargets):
    """Images that are alike to the teacher become alike to the student.

    The inner products of all pairs of a batch make a matrix; the student's is led to the teacher's. The networks'
    layers may have any size.
    """

    name: Literal["similarity"] = "similarity"
    needs: ClassVar[frozenset[str]] = frozenset({"early", "middle", "late", "embedding"})
    formula: ClassVar[str] = (
        WithSoftTargets.soft_formula
        + r" + \frac{\beta}{B^2} \big\lVert A_s - A_t \big\rVert_F^2,"
        + r"\quad A = \frac{F F^\top}{\lVert F F^\top \rVert_{\text{row}}}"
    )
    abbreviation: ClassVar[str] = "SP"
    source: ClassVar[str] = "Tung, Mori 2019 (SP)"

    weight: float = method_weight(3000.0, "Of the squared difference of the two matrices (beta).")
    layer: Literal["early", "middle", "late", "embedding"] = setting(
        "late", title="Layer", description="Which of the features is compared; both networks name them by depth."
    )

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``teacher`` in nats, and ``similarity``, a mean over all pairs."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        student_gram, teacher_gram = (
            normalize(gram_matrix(outputs.features[self.layer]), dim=1) for outputs in (student, teacher)
        )
        return {
            **self.base_terms(student, teacher, labels),
            "similarity": self.weight * (student_gram - teacher_gram).square().mean(),
        }

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            f"base = {self.base_code}\n"
            "\n"
            "def likeness(feature):  # inner products of all pairs of the batch, each row of length 1\n"
            "    vectors = feature.flatten(1)\n"
            "    return F.normalize(vectors @ vectors.T, dim=1)\n"
            "\n"
            f"difference = likeness(student_features['{self.layer}']) - likeness(teacher_features['{self.layer}'])\n"
            "return base + weight * difference.square().mean()"
        )
