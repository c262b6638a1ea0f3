"""Skewed KL: the divergence from one network to a mixture that holds some of that network itself."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from kd_core.functional import skew_kl_divergence
from kd_core.methods.base import Distillation, temperature_setting
from kd_core.outputs import Outputs
from kd_core.settings import setting


class SkewKL(Distillation):
    """Compare with a mixture that already holds a little of the network that is compared.

    Plain KL divides by probabilities that may be almost 0, where its gradient grows large and noisy. With a share alpha
    of the first distribution in the second, the divergence is at most -ln alpha. The price is a smaller pull: at high
    temperature it is (1 - alpha)² of the plain one.
    """

    name: Literal["skew_kl"] = "skew_kl"
    title: ClassVar[str] = "Skewed KL"
    formula: ClassVar[str] = (
        r"\mathcal{L} = w_h\,\mathrm{CE}(y, p_s)"
        r" + w_s\,T^2\,\mathrm{KL}\big(p_t^{T} \,\|\, \alpha'\,p_t^{T} + (1-\alpha')\,p_s^{T}\big)"
    )
    abbreviation: ClassVar[str] = "SKL"
    source: ClassVar[str] = "Ko et al. 2024 (DistiLLM)"

    temperature: float = temperature_setting(1.0)
    alpha: float = setting(
        0.1,
        title="Share in its own mixture (α′)",
        description="Forward: of the teacher, in what it is compared with. Reverse: of the student. 0 is plain KL.",
        ge=0,
        lt=1,
        lane=True,
    )
    direction: Literal["forward", "reverse"] = setting(
        "forward",
        title="Direction of the divergence",
        description="Forward: from the teacher to the mixture. Reverse: from the student to the mixture.",
    )

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``teacher``, in nats."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        pair = (teacher.logits, student.logits) if self.direction == "forward" else (student.logits, teacher.logits)
        weight = self.teacher_weight * self.temperature**2
        divergence = skew_kl_divergence(*pair, self.temperature, self.alpha)
        return {**self.label_terms(student, labels), "teacher": weight * divergence}

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        first, second = ("teacher", "student") if self.direction == "forward" else ("student", "teacher")
        return (
            f"log_p, log_q = (F.log_softmax(z / temperature, 1) for z in ({first}, {second}))\n"
            "log_m = (alpha * log_p.exp() + (1 - alpha) * log_q.exp()).clamp(min=1e-38).log()  # the mixture\n"
            "soft = temperature**2 * F.kl_div(log_m, log_p, reduction='batchmean', log_target=True)\n"
            f"return {self.label_code} + teacher_weight * soft"
        )
