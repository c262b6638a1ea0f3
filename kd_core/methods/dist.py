"""DIST: relations instead of values, by correlation."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor
from torch.nn.functional import cosine_similarity

from kd_core.functional import soften
from kd_core.methods.base import WithSoftTargets, method_weight, temperature_setting
from kd_core.outputs import Outputs


class Dist(WithSoftTargets):
    """The student ranks classes and images as the teacher does; how large its probabilities are is left to it.

    Pearson's correlation is taken along each image's classes, and along each class's images. A student much smaller
    than its teacher need not reach the same values, only the same order and proportions.
    """

    title: ClassVar[str] = "Correlation"
    name: Literal["dist"] = "dist"
    formula: ClassVar[str] = (
        WithSoftTargets.soft_formula
        + r" + T^2 \big[\beta\,(1 - \overline{\rho_{\text{rows}}})"
        + r" + \gamma\,(1 - \overline{\rho_{\text{columns}}})\big]"
    )
    abbreviation: ClassVar[str] = "DIST"
    source: ClassVar[str] = "Huang et al. 2022 (DIST)"

    temperature: float = temperature_setting(1.0)
    classes_weight: float = method_weight(
        2.0, "Of the correlation along each image's classes (beta).", "Weight within images"
    )
    images_weight: float = method_weight(
        2.0, "Of the correlation along each class's images (gamma).", "Weight within classes"
    )

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``teacher`` in nats, ``within_images`` and ``within_classes``, 1 - correlation."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        student_p, teacher_p = (soften(outputs.logits, self.temperature) for outputs in (student, teacher))
        scale = self.temperature**2
        return {
            **self.base_terms(student, teacher, labels),
            "within_images": self.classes_weight * scale * (1 - _correlation(student_p, teacher_p).mean()),
            "within_classes": self.images_weight * scale * (1 - _correlation(student_p.mT, teacher_p.mT).mean()),
        }

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            f"base = {self.base_code}\n"
            "p_s, p_t = ((z / temperature).softmax(1) for z in (student, teacher))\n"
            "\n"
            "def correlation(a, b):  # Pearson's, of each row\n"
            "    return F.cosine_similarity(a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True), dim=1)\n"
            "\n"
            "within_images = 1 - correlation(p_s, p_t).mean()\n"
            "within_classes = 1 - correlation(p_s.T, p_t.T).mean()\n"
            "return base + temperature**2 * (classes_weight * within_images + images_weight * within_classes)"
        )


def _correlation(first: Tensor, second: Tensor) -> Tensor:
    """Return Pearson's correlation of each row, (N,); 0 where a row is constant."""
    return cosine_similarity(first - first.mean(-1, keepdim=True), second - second.mean(-1, keepdim=True), dim=-1)
