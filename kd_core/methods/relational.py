"""Relational distillation: distances and angles between the samples of a batch."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor
from torch.nn.functional import smooth_l1_loss

from kd_core.functional import gram_matrix, off_diagonal
from kd_core.methods.base import WithSoftTargets, method_weight
from kd_core.outputs import Outputs

SMALLEST_SQUARE = 1e-12


class Relational(WithSoftTargets):
    """The samples of a batch lie to each other as they do for the teacher: the same distances, the same angles.

    Not what a network says of one image is copied, but how images relate. Widths may differ, because distances have
    none; each network's are measured in units of their own mean.
    """

    name: Literal["relational"] = "relational"
    needs: ClassVar[frozenset[str]] = frozenset({"embedding"})
    formula: ClassVar[str] = (
        WithSoftTargets.soft_formula
        + r" + \beta_d\,\overline{h\big(d_{ij}^s - d_{ij}^t\big)}"
        + r" + \beta_a\,\overline{h\big(\cos_{ijk}^s - \cos_{ijk}^t\big)}"
    )
    abbreviation: ClassVar[str] = "RKD"
    source: ClassVar[str] = "Park et al. 2019 (RKD)"

    distance_weight: float = method_weight(25.0, "Of the pairs' distances.", "Weight of distances")
    angle_weight: float = method_weight(50.0, "Of the triplets' angles.", "Weight of angles")

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``teacher`` in nats, ``distance`` and ``angle`` by the Huber loss, means over all."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        student_gram, teacher_gram = (gram_matrix(outputs.features["embedding"]) for outputs in (student, teacher))
        return {
            **self.base_terms(student, teacher, labels),
            "distance": self.distance_weight
            * smooth_l1_loss(_in_units_of_mean(student_gram), _in_units_of_mean(teacher_gram)),
            "angle": self.angle_weight * smooth_l1_loss(_cosines(student_gram), _cosines(teacher_gram)),
        }

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            f"base = {self.base_code}\n"
            "elsewhere = 1 - torch.eye(len(student))\n"
            "\n"
            "def relations(feature):\n"
            "    vectors = feature.flatten(1)\n"
            "    gram = vectors @ vectors.T\n"
            "    squares = gram.diagonal()\n"
            "    distances = (squares[:, None] + squares - 2 * gram).clamp(min=1e-12).sqrt() * elsewhere\n"
            "    mean = (distances.sum() / max(1, len(gram) * (len(gram) - 1))).clamp(min=1e-12)\n"
            "    # At image i: the cosine of the angle between the directions to j and to k.\n"
            "    products = gram[None] - gram[:, None] - gram[:, :, None] + squares[:, None, None]\n"
            "    inverse = elsewhere / (distances + 1 - elsewhere)\n"
            "    return distances / mean, products * inverse[:, :, None] * inverse[:, None]\n"
            "\n"
            "distances, angles = relations(student_features['embedding'])\n"
            "teacher_distances, teacher_angles = relations(teacher_features['embedding'])\n"
            "distance = F.smooth_l1_loss(distances, teacher_distances)\n"
            "angle = F.smooth_l1_loss(angles, teacher_angles)\n"
            "return base + distance_weight * distance + angle_weight * angle"
        )


def _distances(gram: Tensor) -> Tensor:
    """Return the distances (N, N) that inner products (N, N) imply, 0 on the diagonal."""
    squares = gram.diagonal(dim1=-2, dim2=-1)
    between = squares.unsqueeze(-1) + squares.unsqueeze(-2) - 2 * gram
    return between.clamp(min=SMALLEST_SQUARE).sqrt() * off_diagonal(len(gram), gram)


def _in_units_of_mean(gram: Tensor) -> Tensor:
    distances = _distances(gram)
    pairs = max(1, len(gram) * (len(gram) - 1))
    return distances / (distances.sum() / pairs).clamp(min=SMALLEST_SQUARE)


def _cosines(gram: Tensor) -> Tensor:
    """Return (N, N, N): at sample i, the cosine of the angle between the directions to j and to k; 0 where one is i.

    The inner product of two directions follows from those of the samples, which spares (N, N, D) differences.
    """
    squares = gram.diagonal(dim1=-2, dim2=-1)
    products = gram.unsqueeze(0) - gram.unsqueeze(2) - gram.unsqueeze(1) + squares[:, None, None]
    elsewhere = off_diagonal(len(gram), gram)
    inverse_length = elsewhere / (_distances(gram) + 1 - elsewhere)
    return products * inverse_length.unsqueeze(2) * inverse_length.unsqueeze(1)
