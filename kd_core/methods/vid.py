"""Variational information distillation: features, and how sure the student is of each channel."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from kd_core.functional import at_least_float32, match_sizes
from kd_core.methods.base import WithSoftTargets, method_weight
from kd_core.networks import Auxiliary, OutputPair, pointwise, with_features
from kd_core.outputs import Outputs
from kd_core.settings import setting

FIRST_VARIANCE, TINY = 5.0, 1e-5


class VID(WithSoftTargets):
    """The student predicts the teacher's features as a Gaussian, and learns for each channel how sure it can be.

    A channel that a small student cannot predict gets a wide Gaussian and then counts little, where hints would go on
    asking for it.
    """

    title: ClassVar[str] = "Variational information distillation"
    name: Literal["vid"] = "vid"
    needs: ClassVar[frozenset[str]] = frozenset({"early", "middle", "late", "embedding"})
    formula: ClassVar[str] = (
        WithSoftTargets.soft_formula
        + r" + \frac{\beta}{2}\,\overline{\frac{(F_t - \mu(F_s))^2}{\sigma_c^2} + \ln \sigma_c^2}"
    )
    abbreviation: ClassVar[str] = "VID"
    source: ClassVar[str] = "Ahn et al. 2019 (VID)"

    weight: float = method_weight(1.0, "Of the Gaussian's negative log-likelihood (beta).")
    layer: Literal["early", "middle", "late", "embedding"] = setting(
        "late", title="Layer", description="Which of the features is predicted; both networks name them by depth."
    )

    def auxiliary(self, student: Outputs, teacher: Outputs | None) -> Auxiliary | None:
        """Return the mean's regressor with one variance a channel."""
        return None if teacher is None else _Gaussian(self.layer, student, teacher)

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``teacher`` in nats, and ``likelihood``, in nats a number; it may be negative."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        mean = at_least_float32(student.features[self.layer])
        teacher_feature = at_least_float32(teacher.features[self.layer])
        variance = student.features["variance"]
        likelihood = ((mean - teacher_feature).square() / variance + variance.log()).mean() / 2
        return {**self.base_terms(student, teacher, labels), "likelihood": self.weight * likelihood}

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            f"base = {self.base_code}\n"
            f"mean, variance = student_features['{self.layer}'], student_features['variance']\n"
            f"squared = (mean - teacher_features['{self.layer}']).square()\n"
            "return base + weight * (squared / variance + variance.log()).mean() / 2"
        )

    def auxiliary_code(self) -> str:
        """Return the auxiliary module in plain PyTorch; see ``Method.auxiliary_code``."""
        return (
            "class Bridge(nn.Module):\n"
            '    """The teacher\'s feature as a Gaussian: its mean from the student\'s, a variance a channel."""\n'
            "\n"
            "    def __init__(self, student, teacher):\n"
            "        super().__init__()\n"
            f"        ours, theirs = match_sizes(student[1]['{self.layer}'], teacher[1]['{self.layer}'])\n"
            "        dimensions, width = ours.dim(), theirs.shape[1]\n"
            "        sizes = [ours.shape[1], width, width]\n"
            "        first, second, last = (pointwise(dimensions, size, width) for size in sizes)\n"
            "        self.mean = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last)\n"
            f"        start = math.log(math.expm1({FIRST_VARIANCE} - {TINY}))\n"
            "        self.spread = nn.Parameter(torch.full((width, *[1] * (dimensions - 2)), start))\n"
            "\n"
            "    def forward(self, student, teacher):\n"
            f"        ours, theirs = match_sizes(student[1]['{self.layer}'], teacher[1]['{self.layer}'])\n"
            f"        predicted = {{'{self.layer}': self.mean(ours), 'variance': F.softplus(self.spread) + {TINY}}}\n"
            f"        return (student[0], predicted), (teacher[0], {{**teacher[1], '{self.layer}': theirs}})"
        )


class _Gaussian(Auxiliary):
    """Two hidden layers as wide as the teacher's feature, then its mean; a learned variance by channel."""

    def __init__(self, layer: str, student: Outputs, teacher: Outputs) -> None:
        super().__init__()
        self.layer = layer
        student_feature, teacher_feature = match_sizes(student.features[layer], teacher.features[layer])
        dimensions, width = student_feature.dim(), teacher_feature.shape[1]
        first, second, last = (
            pointwise(dimensions, channels, width) for channels in (student_feature.shape[1], width, width)
        )
        self.mean = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last)
        start = math.log(math.expm1(FIRST_VARIANCE - TINY))
        self.spread = nn.Parameter(torch.full((width, *[1] * (dimensions - 2)), start))

    def forward(self, student: Outputs, teacher: Outputs | None) -> OutputPair:
        """Return the student with the predicted mean and a feature ``variance`` (C, ...)."""
        assert teacher is not None  # built only where there is one
        student_feature, teacher_feature = match_sizes(student.features[self.layer], teacher.features[self.layer])
        predicted = {self.layer: self.mean(student_feature), "variance": softplus(self.spread) + TINY}
        return with_features(student, predicted), with_features(teacher, {self.layer: teacher_feature})
