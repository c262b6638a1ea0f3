"""Jensen-Shannon: teacher and student are both compared with their mixture."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from kd_core.functional import js_divergence
from kd_core.methods.base import Distillation, temperature_setting
from kd_core.outputs import Outputs
from kd_core.settings import setting


class JensenShannon(Distillation):
    """Meet the teacher in the middle: both networks' probabilities are compared with a mixture of the two.

    The divergence lies between forward and reverse KL and never exceeds ln 2, so one image on which the two disagree
    entirely cannot pull without limit. Towards beta = 0 the gradient points where that of forward KL does, towards
    beta = 1 where that of reverse KL does; it also shrinks there, as beta (1 - beta) at high temperature, so compare
    values of beta at matched weight.
    """

    name: Literal["jensen_shannon"] = "jensen_shannon"
    title: ClassVar[str] = "Jensen-Shannon"
    formula: ClassVar[str] = (
        r"\mathcal{L} = w_h\,\mathrm{CE}(y, p_s) + w_s\,T^2 \big[\beta\,\mathrm{KL}(p_t^{T} \,\|\, m)"
        r" + (1-\beta)\,\mathrm{KL}(p_s^{T} \,\|\, m)\big],\quad m = \beta\,p_t^{T} + (1-\beta)\,p_s^{T}"
    )
    abbreviation: ClassVar[str] = "JSD"
    source: ClassVar[str] = "Agarwal et al. 2024 (GKD); Lin 1991"

    temperature: float = temperature_setting(1.0)
    beta: float = setting(
        0.5,
        title="Teacher's share of the mixture (β)",
        description="Small: behaves as forward KL and covers the teacher's classes. Large: as reverse KL, and chooses.",
        gt=0,
        lt=1,
        lane=True,
    )

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``teacher``, in nats."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        divergence = js_divergence(teacher.logits, student.logits, self.temperature, self.beta)
        weight = self.teacher_weight * self.temperature**2
        return {**self.label_terms(student, labels), "teacher": weight * divergence}

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            "log_t, log_s = (F.log_softmax(z / temperature, 1) for z in (teacher, student))\n"
            "log_m = (beta * log_t.exp() + (1 - beta) * log_s.exp()).clamp(min=1e-38).log()  # the mixture\n"
            "from_teacher = F.kl_div(log_m, log_t, reduction='batchmean', log_target=True)\n"
            "from_student = F.kl_div(log_m, log_s, reduction='batchmean', log_target=True)\n"
            "soft = temperature**2 * (beta * from_teacher + (1 - beta) * from_student)\n"
            f"return {self.label_code} + teacher_weight * soft"
        )
