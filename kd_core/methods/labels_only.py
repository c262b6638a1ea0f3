"""Learning from hard labels alone: the baseline of every comparison, and how teachers are trained."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from kd_core.functional import label_cross_entropy
from kd_core.methods.base import Method
from kd_core.outputs import Outputs


class LabelsOnly(Method):
    """Cross-entropy with the hard labels, no teacher.

    The student alone and the teacher itself are trained this way, by the same loop as every other network. Without
    this baseline nobody can tell what a teacher added.
    """

    name: Literal["labels_only"] = "labels_only"
    needs_teacher: ClassVar[bool] = False
    formula: ClassVar[str] = r"\mathcal{L} = \mathrm{CE}(y, p_s) = -\ln p_{s,y}"
    source: ClassVar[str] = "Standard maximum likelihood"

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return the labels' term, in nats."""
        if labels is None:
            return {"labels": student.logits.sum() * 0}
        return {"labels": label_cross_entropy(student.logits, labels)}

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return "return cross_entropy(student, labels)"
