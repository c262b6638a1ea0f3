"""Label smoothing: hard labels with a little probability spread over all classes."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from kd_core.functional import label_cross_entropy
from kd_core.methods.base import Method
from kd_core.outputs import Outputs
from kd_core.settings import setting


class LabelSmoothing(Method):
    """Cross-entropy with labels that leave a little probability to every class.

    A teacher trained like this is often more accurate, and yet often teaches worse, because it no longer tells which
    wrong classes are alike.
    """

    name: Literal["label_smoothing"] = "label_smoothing"
    needs_teacher: ClassVar[bool] = False
    formula: ClassVar[str] = r"\mathcal{L} = \mathrm{CE}\big((1-\varepsilon)\,y + \varepsilon/K,\; p_s\big)"
    abbreviation: ClassVar[str] = "LSR"
    source: ClassVar[str] = "Szegedy et al. 2016; Müller, Kornblith, Hinton 2019"

    smoothing: float = setting(
        0.1,
        title="Smoothing",
        description="Share of the probability that is spread evenly over all classes.",
        ge=0,
        lt=1,
        lane=True,
    )

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return the smoothed labels' term, in nats."""
        if labels is None:
            return {"labels": student.logits.sum() * 0}
        return {"labels": label_cross_entropy(student.logits, labels, self.smoothing)}

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return "return cross_entropy(student, labels, smoothing)"
