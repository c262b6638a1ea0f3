"""Soft cross-entropy: soft targets written as a cross-entropy instead of a divergence."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from kd_core.functional import cross_entropy
from kd_core.methods.base import Distillation, temperature_setting
from kd_core.outputs import Outputs


class SoftCrossEntropy(Distillation):
    """Cross-entropy with the teacher's softened probabilities as targets.

    It differs from the divergence of soft targets by the teacher's entropy, which does not depend on the student: the
    gradients, and so the trained student, are the same. Only the curve of the loss lies higher, and does not end at 0.
    """

    name: Literal["soft_cross_entropy"] = "soft_cross_entropy"
    formula: ClassVar[str] = r"\mathcal{L} = w_h\,\mathrm{CE}(y, p_s) + w_s\,T^2\,\mathrm{CE}\big(p_t^{T}, p_s^{T}\big)"
    source: ClassVar[str] = "Hinton, Vinyals, Dean 2015"

    temperature: float = temperature_setting(4.0)

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``teacher``, in nats."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        soft = cross_entropy(teacher.logits, student.logits, self.temperature) * self.temperature**2
        return {**self.label_terms(student, labels), "teacher": self.teacher_weight * soft}

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            "targets = (teacher / temperature).softmax(1)\n"
            "soft = -(targets * F.log_softmax(student / temperature, 1)).sum(1).mean()\n"
            f"return {self.label_code} + teacher_weight * temperature**2 * soft"
        )
