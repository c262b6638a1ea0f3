"""Hints: the student's middle is led to the teacher's, through a trained regressor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from torch import Tensor

from kd_core.functional import at_least_float32
from kd_core.methods.base import WithSoftTargets, method_weight
from kd_core.networks import Auxiliary, Regressor
from kd_core.outputs import Outputs
from kd_core.settings import setting

HINT_SHARE = 0.3


class Hints(WithSoftTargets):
    """The student's features in the middle are led to the teacher's, through a trained bridge.

    The two networks are of different width, so a small regressor learns to translate; it is trained with the student
    and thrown away afterwards. In two stages the hint comes first and alone, then labels and soft targets take over,
    as FitNets did it; in one stage all count from the beginning.
    """

    name: Literal["hints"] = "hints"
    needs: ClassVar[frozenset[str]] = frozenset({"early", "middle", "late", "embedding"})
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "two_stages": {
            "method.label_weight": 0.1,
            "method.teacher_weight": 0.9,
            "schedules.weight": {"name": "between", "end": HINT_SHARE},
            "schedules.label_weight": {"name": "between", "begin": HINT_SHARE},
            "schedules.teacher_weight": {"name": "between", "begin": HINT_SHARE},
        }
    }
    formula: ClassVar[str] = WithSoftTargets.soft_formula + r" + \beta\,\overline{\big(r(F_s) - F_t\big)^2}"
    abbreviation: ClassVar[str] = "FitNets"
    source: ClassVar[str] = "Romero et al. 2015 (FitNets)"

    weight: float = method_weight(100.0, "Of the mean squared difference of the features (beta).")
    layer: Literal["early", "middle", "late", "embedding"] = setting(
        "middle", title="Layer", description="Which of the features is led; both networks name them by depth."
    )

    def auxiliary(self, student: Outputs, teacher: Outputs | None) -> Auxiliary | None:
        """Return the regressor of the chosen layer."""
        return None if teacher is None else Regressor(self.layer, student, teacher)

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``teacher`` in nats, and ``hint`` in squared activations, a mean over all of them."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        distance = at_least_float32(student.features[self.layer]) - at_least_float32(teacher.features[self.layer])
        return {**self.base_terms(student, teacher, labels), "hint": self.weight * distance.square().mean()}

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            f"base = {self.base_code}\n"
            f"difference = student_features['{self.layer}'] - teacher_features['{self.layer}']\n"
            "return base + weight * difference.square().mean()"
        )

    def auxiliary_code(self) -> str:
        """Return the auxiliary module in plain PyTorch; see ``Method.auxiliary_code``."""
        return (
            "class Bridge(nn.Module):\n"
            '    """A trained regressor from the student\'s feature to one as wide as the teacher\'s."""\n'
            "\n"
            "    def __init__(self, student, teacher):\n"
            "        super().__init__()\n"
            f"        ours, theirs = match_sizes(student[1]['{self.layer}'], teacher[1]['{self.layer}'])\n"
            "        self.regressor = pointwise(ours.dim(), ours.shape[1], theirs.shape[1])\n"
            "\n"
            "    def forward(self, student, teacher):\n"
            f"        ours, theirs = match_sizes(student[1]['{self.layer}'], teacher[1]['{self.layer}'])\n"
            f"        led = {{**student[1], '{self.layer}': self.regressor(ours)}}\n"
            f"        return (student[0], led), (teacher[0], {{**teacher[1], '{self.layer}': theirs}})"
        )
