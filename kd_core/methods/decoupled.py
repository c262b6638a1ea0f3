"""Decoupled distillation: soft targets in their two parts, weighed apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from kd_core.functional import log_soften
from kd_core.methods.base import WithSoftTargets, method_weight
from kd_core.outputs import Outputs


class Decoupled(WithSoftTargets):
    """Soft targets in two parts: how sure the teacher is of the right class, and how it ranks all the others.

    In soft targets the second part is multiplied by the probability that the teacher leaves to the wrong classes, so a
    teacher that is sure teaches little about them. Here the two have weights of their own. Where a label is withheld,
    the teacher's first choice stands for it.
    """

    name: Literal["decoupled"] = "decoupled"
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "warm_up": {
            "schedules.target_weight": {"name": "warm_up"},
            "schedules.others_weight": {"name": "warm_up"},
        }
    }
    formula: ClassVar[str] = (
        WithSoftTargets.soft_formula
        + r" + T^2 \big[\alpha_{tc}\,\mathrm{KL}(b_t \,\|\, b_s)"
        + r" + \beta_{nc}\,\mathrm{KL}(\hat p_t \,\|\, \hat p_s)\big],"
        + r"\quad b = (p_y,\, 1 - p_y)"
    )
    abbreviation: ClassVar[str] = "DKD"
    source: ClassVar[str] = "Zhao et al. 2022 (DKD)"

    target_weight: float = method_weight(
        1.0, "Of the right class against all others (alpha).", "Weight of the right class"
    )
    others_weight: float = method_weight(8.0, "Of the other classes among themselves (beta).", "Weight of the others")

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels``, ``teacher``, ``target`` (TCKD) and ``others`` (NCKD), in nats times T²."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        first = teacher.logits.argmax(-1)
        right = first if labels is None else torch.where(labels >= 0, labels, first)
        target, others = parts(teacher.logits, student.logits, right, self.temperature)
        scale = self.temperature**2
        return {
            **self.base_terms(student, teacher, labels),
            "target": self.target_weight * scale * target.mean(),
            "others": self.others_weight * scale * others.mean(),
        }

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            f"base = {self.base_code}\n"
            "right = torch.where(labels >= 0, labels, teacher.argmax(1))  # where withheld, the teacher's choice\n"
            "is_right = F.one_hot(right, student.shape[1]).bool()\n"
            "\n"
            "def parts(logits):\n"
            "    log_p = F.log_softmax(logits / temperature, 1)\n"
            "    wrong = log_p.masked_fill(is_right, -torch.inf)\n"
            "    pair = torch.stack([log_p[is_right], wrong.logsumexp(1)], 1)  # the right class, all others together\n"
            "    return pair, log_p[~is_right].reshape(len(logits), -1).log_softmax(1)  # the others among themselves\n"
            "\n"
            "(student_pair, student_others), (teacher_pair, teacher_others) = parts(student), parts(teacher)\n"
            "target = F.kl_div(student_pair, teacher_pair, reduction='batchmean', log_target=True)\n"
            "others = F.kl_div(student_others, teacher_others, reduction='batchmean', log_target=True)\n"
            "return base + temperature**2 * (target_weight * target + others_weight * others)"
        )


def parts(
    teacher_logits: Tensor, student_logits: Tensor, right: Tensor, temperature: float | Tensor
) -> tuple[Tensor, Tensor]:
    """Return by sample the divergence of (right, not right) and that among the other classes, each (N,), in nats.

    Args:
        teacher_logits: (N, K).
        student_logits: (N, K).
        right: (N,), int64, the class that is set apart.
        temperature: of both.
    """
    is_right = torch.arange(student_logits.shape[-1], device=right.device) == right.unsqueeze(-1)
    (student_right, student_wrong, student_among), (teacher_right, teacher_wrong, teacher_among) = (
        _split(log_soften(logits, temperature), is_right) for logits in (student_logits, teacher_logits)
    )
    target = teacher_right.exp() * (teacher_right - student_right)
    target = target + teacher_wrong.exp() * (teacher_wrong - student_wrong)
    others = torch.where(is_right, 0.0, teacher_among.exp() * (teacher_among - student_among).nan_to_num(0.0))
    return target, others.sum(-1)


def _split(log_p: Tensor, is_right: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return log p of the right class (N,), of all others together (N,), and of each among the others (N, K)."""
    without = log_p.masked_fill(is_right, -torch.inf)
    wrong = without.logsumexp(-1)
    return (log_p * is_right).sum(-1), wrong, without - wrong.unsqueeze(-1)
