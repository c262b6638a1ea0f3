"""Probabilistic knowledge transfer: how likely samples are neighbours."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor
from torch.nn.functional import normalize

from kd_core.functional import flatten_features
from kd_core.methods.base import WithSoftTargets, method_weight
from kd_core.outputs import Outputs

TINY = 1e-7


class PKT(WithSoftTargets):
    """Who is whose neighbour, as probabilities: the student's are led to the teacher's.

    Cosines between the samples of a batch are moved to 0 .. 1 and each row is made to sum to 1; the divergence of the
    rows is what is trained.
    """

    title: ClassVar[str] = "Probabilistic knowledge transfer"
    name: Literal["pkt"] = "pkt"
    needs: ClassVar[frozenset[str]] = frozenset({"embedding"})
    formula: ClassVar[str] = (
        WithSoftTargets.soft_formula
        + r" + \frac{\beta}{B^2} \sum_{ij} n_{ij}^t \ln\frac{n_{ij}^t}{n_{ij}^s},\quad "
        + r"n_{ij} = \frac{1 + \cos(f_i, f_j)}{\sum_k 1 + \cos(f_i, f_k)}"
    )
    abbreviation: ClassVar[str] = "PKT"
    source: ClassVar[str] = "Passalis, Tefas 2018 (PKT)"

    weight: float = method_weight(30000.0, "Of the divergence, a mean over all pairs of a batch (beta).")

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``teacher`` in nats, and ``neighbours``, in nats by pair."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        student_p, teacher_p = (_neighbours(outputs.features["embedding"]) for outputs in (student, teacher))
        divergence = (teacher_p * ((teacher_p + TINY) / (student_p + TINY)).log()).mean()
        return {**self.base_terms(student, teacher, labels), "neighbours": self.weight * divergence}

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            f"base = {self.base_code}\n"
            "\n"
            "def neighbours(feature):  # probabilities that rise with the cosine\n"
            f"    directions = F.normalize(feature.flatten(1), dim=1, eps={TINY})\n"
            "    likeness = (directions @ directions.T + 1) / 2\n"
            "    return likeness / likeness.sum(1, keepdim=True)\n"
            "\n"
            "p_s, p_t = neighbours(student_features['embedding']), neighbours(teacher_features['embedding'])\n"
            f"return base + weight * (p_t * ((p_t + {TINY}) / (p_s + {TINY})).log()).mean()"
        )


def _neighbours(feature: Tensor) -> Tensor:
    """Return (N, N) probabilities that rise with the cosine, each row summing to 1."""
    directions = normalize(flatten_features(feature), dim=1, eps=TINY)
    likeness = (directions @ directions.mT + 1) / 2
    return likeness / likeness.sum(1, keepdim=True)
