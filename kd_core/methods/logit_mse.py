"""Logit matching: the squared distance between the two networks' logits."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from kd_core.functional import at_least_float32
from kd_core.methods.base import Distillation
from kd_core.outputs import Outputs


class LogitMSE(Distillation):
    """Mean squared difference of the logits, without any softmax.

    This is what soft targets become as the temperature grows without end, up to a factor and a shift of the logits.
    """

    name: Literal["logit_mse"] = "logit_mse"
    formula: ClassVar[str] = r"\mathcal{L} = w_h\,\mathrm{CE}(y, p_s) + w_s\,\overline{(z_s - z_t)^2}"
    source: ClassVar[str] = "Ba, Caruana 2014; Kim et al. 2021"

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` in nats and ``teacher`` in squared logits, mean over batch and classes."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        distance = (at_least_float32(student.logits) - at_least_float32(teacher.logits)).square().mean()
        return {**self.label_terms(student, labels), "teacher": self.teacher_weight * distance}

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return f"return {self.label_code} + teacher_weight * F.mse_loss(student, teacher)"
