"""Soft targets: knowledge distillation as Hinton, Vinyals and Dean described it."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from kd_core.functional import kl_divergence
from kd_core.methods.base import Distillation, temperature_setting
from kd_core.outputs import Outputs
from kd_core.settings import setting


class SoftTargets(Distillation):
    """Follow the teacher's softened probabilities, beside the hard labels.

    Both networks' logits are divided by the temperature before the softmax, so that the small probabilities of the
    wrong classes (the dark knowledge) count. Gradients of the softened term shrink with 1/T², which is why it is
    multiplied by T².
    """

    name: Literal["soft_targets"] = "soft_targets"
    formula: ClassVar[str] = (
        r"\mathcal{L} = w_h\,\mathrm{CE}(y, p_s) + w_s\,T^2\,\mathrm{KL}\big(p_t^{T} \,\|\, p_s^{T}\big)"
    )
    abbreviation: ClassVar[str] = "KD"
    source: ClassVar[str] = "Hinton, Vinyals, Dean 2015"

    temperature: float = temperature_setting(4.0)
    scale_by_t2: bool = setting(
        True, title="Multiply by T²", description="Keeps the teacher's gradient as large as it is at T = 1."
    )
    direction: Literal["forward", "reverse"] = setting(
        "forward",
        title="Direction of the divergence",
        description="Forward: KL(teacher || student). Reverse: KL(student || teacher), which ignores what is unlikely.",
    )
    mean_over_classes: bool = setting(
        False,
        title="Average over classes too",
        description="What PyTorch's KLDivLoss() does by default: with K classes the teacher counts K times less.",
    )

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``teacher``, in nats."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        pair = (teacher.logits, student.logits) if self.direction == "forward" else (student.logits, teacher.logits)
        weight = self.teacher_weight
        if self.scale_by_t2:
            weight = weight * self.temperature**2
        if self.mean_over_classes:
            weight = weight / student.logits.shape[-1]
        return {**self.label_terms(student, labels), "teacher": weight * kl_divergence(*pair, self.temperature)}

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        first, second = ("teacher", "student") if self.direction == "forward" else ("student", "teacher")
        scale = "temperature**2 * " if self.scale_by_t2 else ""
        mean = " / student.shape[1]" if self.mean_over_classes else ""
        return (
            f"soft = {scale}kl_divergence({first}, {second}, temperature){mean}\n"
            f"return {self.label_code} + teacher_weight * soft"
        )
