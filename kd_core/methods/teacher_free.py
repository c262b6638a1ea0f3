"""Teacher-free distillation: a made-up teacher that is always right, softened."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor

from kd_core.functional import label_cross_entropy, log_soften
from kd_core.methods.base import Method, temperature_setting
from kd_core.outputs import Outputs
from kd_core.settings import setting


class TeacherFree(Method):
    """A made-up teacher that is always right and knows nothing of the other classes, softened and followed.

    It gives the right class most of the probability and shares the rest evenly. If this helps as much as a real
    teacher, what helped was not dark knowledge but a gentler target.
    """

    name: Literal["teacher_free"] = "teacher_free"
    needs_teacher: ClassVar[bool] = False
    formula: ClassVar[str] = (
        r"\mathcal{L} = (1-\alpha)\,\mathrm{CE}(y, p_s)"
        r" + \alpha\,\mathrm{KL}\big(\mathrm{softmax}(u / T) \,\|\, p_s\big),"
        r"\quad u_y = c,\; u_{k \ne y} = \tfrac{1-c}{K-1}"
    )
    abbreviation: ClassVar[str] = "Tf-KD"
    source: ClassVar[str] = "Yuan et al. 2020 (Tf-KD)"

    weight: float = setting(
        0.1,
        title="Weight of the made-up teacher",
        description="The labels have what it leaves (alpha).",
        ge=0,
        le=1,
        lane=True,
    )
    correct: float = setting(
        0.99,
        title="Probability of the right class",
        description="What the made-up teacher gives the right class before it is softened (c).",
        gt=0,
        lt=1,
        lane=True,
    )
    temperature: float = temperature_setting(20.0)

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``made_up``, in nats; images without a label add nothing."""
        if labels is None:
            return {"labels": student.logits.sum() * 0}
        log_p = log_soften(student.logits)
        classes, labelled = log_p.shape[-1], labels >= 0
        is_right = (torch.arange(classes, device=labels.device) == labels.unsqueeze(-1)).to(log_p.dtype)
        probabilities = is_right * self.correct + (1 - is_right) * (1 - self.correct) / (classes - 1)
        target = log_soften(probabilities, self.temperature)
        divergence = (target.exp() * (target - log_p)).sum(-1)
        made_up = (divergence * labelled).sum() / labelled.sum().clamp(min=1)
        return {
            "labels": (1 - self.weight) * label_cross_entropy(student.logits, labels),
            "made_up": self.weight * made_up,
        }

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            "classes, labelled = student.shape[1], labels >= 0\n"
            "made_up = torch.full_like(student, (1 - correct) / (classes - 1))\n"
            "made_up[labelled, labels[labelled]] = correct  # the made-up teacher's probabilities, softened below\n"
            "target = F.log_softmax(made_up[labelled] / temperature, 1)\n"
            "follow = F.kl_div(F.log_softmax(student[labelled], 1), target, reduction='sum', log_target=True)\n"
            "follow = follow / labelled.sum().clamp(min=1)\n"
            "return (1 - weight) * cross_entropy(student, labels) + weight * follow"
        )
