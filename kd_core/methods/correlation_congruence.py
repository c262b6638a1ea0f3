"""Correlation congruence: how much alike samples are, by a Gaussian kernel."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn.functional import normalize

from kd_core.functional import flatten_features
from kd_core.methods.base import WithSoftTargets, method_weight
from kd_core.outputs import Outputs
from kd_core.settings import setting


class CorrelationCongruence(WithSoftTargets):
    """Which samples are alike: the student's kernel between the samples of a batch is led to the teacher's.

    Features are brought to length 1, so the Gaussian kernel depends on their cosine alone; its Taylor series is cut off
    after a few orders, as the paper does.
    """

    title: ClassVar[str] = "Correlation congruence"
    name: Literal["correlation_congruence"] = "correlation_congruence"
    needs: ClassVar[frozenset[str]] = frozenset({"embedding"})
    formula: ClassVar[str] = (
        WithSoftTargets.soft_formula
        + r" + \frac{\beta}{B^2} \sum_{ij} (K_{ij}^t - K_{ij}^s)^2,\quad "
        + r"K_{ij} = e^{-2\gamma} \sum_{p=0}^{P} \frac{(2\gamma)^p}{p!} \cos(f_i, f_j)^p"
    )
    abbreviation: ClassVar[str] = "CC"
    source: ClassVar[str] = "Peng et al. 2019 (CCKD)"

    weight: float = method_weight(300.0, "Of the squared differences, a mean over all pairs of a batch (beta).")
    gamma: float = setting(
        0.4, title="Kernel sharpness", description="Gamma: how fast likeness falls with distance.", gt=0, le=10
    )
    order: int = setting(2, title="Order", description="Where the Taylor series ends (P).", ge=1, le=20)

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``teacher`` in nats, and ``congruence``, without a unit."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        student_kernel, teacher_kernel = (self._kernel(outputs.features["embedding"]) for outputs in (student, teacher))
        return {
            **self.base_terms(student, teacher, labels),
            "congruence": self.weight * (student_kernel - teacher_kernel).square().mean(),
        }

    def _kernel(self, feature: Tensor) -> Tensor:
        """Return (N, N) likenesses, 1 between equal directions but for the cut-off orders."""
        directions = normalize(flatten_features(feature), dim=1)
        cosines = directions @ directions.mT
        series = torch.zeros_like(cosines)
        for order in reversed(range(self.order + 1)):  # Horner's scheme
            series = series * cosines + (2 * self.gamma) ** order / math.factorial(order)
        return math.exp(-2 * self.gamma) * series

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            f"base = {self.base_code}\n"
            "\n"
            "def kernel(feature):  # a Gaussian of directions, by its Taylor series\n"
            "    directions = F.normalize(feature.flatten(1), dim=1)\n"
            "    cosines = directions @ directions.T\n"
            f"    terms = [({2 * self.gamma} * cosines) ** p / math.factorial(p) for p in range({self.order + 1})]\n"
            f"    return math.exp(-{2 * self.gamma}) * sum(terms)\n"
            "\n"
            "difference = kernel(student_features['embedding']) - kernel(teacher_features['embedding'])\n"
            "return base + weight * difference.square().mean()"
        )
