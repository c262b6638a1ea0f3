"""Logit standardization: soft targets on logits with mean 0 and standard deviation 1."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from kd_core.functional import at_least_float32, kl_divergence
from kd_core.methods.base import Distillation, temperature_setting
from kd_core.outputs import Outputs

TINY = 1e-7


class LogitStandardization(Distillation):
    """Soft targets that do not ask how large the teacher's logits are, only how they lie to each other.

    Each sample's logits are shifted to mean 0 and divided by their standard deviation before they are softened, for
    both networks. To compare it with soft targets fairly, weigh both alike: standardised logits are small, and so a
    teacher's term with the same factor pulls differently.
    """

    name: Literal["logit_standardization"] = "logit_standardization"
    formula: ClassVar[str] = (
        r"\mathcal{L} = w_h\,\mathrm{CE}(y, p_s) + w_s\,T^2\,"
        r"\mathrm{KL}\big(\mathrm{softmax}(\tilde z_t / T) \,\|\, \mathrm{softmax}(\tilde z_s / T)\big),"
        r"\quad \tilde z = \frac{z - \bar z}{\sigma(z)}"
    )
    source: ClassVar[str] = "Sun et al. 2024"

    temperature: float = temperature_setting(2.0)

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``teacher``, in nats."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        soft = kl_divergence(standardized(teacher.logits), standardized(student.logits), self.temperature)
        weight = self.teacher_weight * self.temperature**2
        return {**self.label_terms(student, labels), "teacher": weight * soft}

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            "# Every image's logits with mean 0 and standard deviation 1.\n"
            "student_z, teacher_z = (\n"
            "    (z - z.mean(1, keepdim=True)) / (1e-7 + z.std(1, keepdim=True)) for z in (student, teacher)\n"
            ")\n"
            "soft = temperature**2 * kl_divergence(teacher_z, student_z, temperature)\n"
            f"return {self.label_code} + teacher_weight * soft"
        )


def standardized(logits: Tensor) -> Tensor:
    """Return each sample's logits (N, K) with mean 0 and (unbiased) standard deviation 1."""
    values = at_least_float32(logits)
    return (values - values.mean(-1, keepdim=True)) / (TINY + values.std(-1, keepdim=True))
