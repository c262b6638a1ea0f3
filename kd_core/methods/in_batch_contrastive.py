"""In-batch contrastive distillation: each image's two embeddings find each other among the batch."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn.functional import normalize

from kd_core.functional import flatten_features, label_cross_entropy
from kd_core.methods.base import WithSoftTargets, method_weight
from kd_core.networks import Auxiliary, Projections
from kd_core.outputs import Outputs
from kd_core.settings import setting


class InBatchContrastive(WithSoftTargets):
    """What student and teacher say of one image must find each other among all that they say of the batch.

    It is contrastive distillation's simple form: the other images of the batch are what an image is told apart from.
    The original (CRD) keeps a memory of 16,384 others for it, which this does not.
    """

    title: ClassVar[str] = "In-batch contrastive"
    name: Literal["in_batch_contrastive"] = "in_batch_contrastive"
    needs: ClassVar[frozenset[str]] = frozenset({"embedding"})
    formula: ClassVar[str] = (
        WithSoftTargets.soft_formula
        + r" - \frac{\beta}{2B} \sum_i \ln \frac{e^{s_i \cdot t_i / \tau}}{\sum_j e^{s_i \cdot t_j / \tau}}"
        + r" + \ln \frac{e^{s_i \cdot t_i / \tau}}{\sum_j e^{s_j \cdot t_i / \tau}}"
    )
    source: ClassVar[str] = "After Tian, Krishnan, Isola 2020 (CRD), with in-batch negatives"

    weight: float = method_weight(1.0, "Of the contrastive term (beta).")
    tau: float = setting(
        0.07,
        title="Temperature of the contrast",
        description="Divides the cosines; small values ask for sharper distinctions.",
        gt=0,
        le=10,
        lane=True,
        scale="log",
        log_from=0.001,
    )
    size: int = setting(
        128, title="Size of the projections", description="Of both networks' projections.", ge=2, le=2048, scale="log"
    )

    def auxiliary(self, student: Outputs, teacher: Outputs | None) -> Auxiliary | None:
        """Return two linear projections of one size."""
        return None if teacher is None else Projections(student, teacher, self.size)

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels``, ``teacher`` and ``contrast``, in nats."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        student_vectors, teacher_vectors = (
            normalize(flatten_features(outputs.features["projection"]), dim=1) for outputs in (student, teacher)
        )
        cosines = student_vectors @ teacher_vectors.mT / self.tau
        partner = torch.arange(len(student_vectors), device=student_vectors.device)
        contrast = (label_cross_entropy(cosines, partner) + label_cross_entropy(cosines.mT, partner)) / 2
        return {**self.base_terms(student, teacher, labels), "contrast": self.weight * contrast}

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            f"base = {self.base_code}\n"
            "ours, theirs = (\n"
            "    F.normalize(features['projection'], dim=1) for features in (student_features, teacher_features)\n"
            ")\n"
            "cosines, partner = ours @ theirs.T / tau, torch.arange(len(ours))\n"
            "contrast = (F.cross_entropy(cosines, partner) + F.cross_entropy(cosines.T, partner)) / 2\n"
            "return base + weight * contrast"
        )

    def auxiliary_code(self) -> str:
        """Return the auxiliary module in plain PyTorch; see ``Method.auxiliary_code``."""
        return (
            "class Bridge(nn.Module):\n"
            '    """Two trained projections, one a network, to vectors of one size."""\n'
            "\n"
            "    def __init__(self, student, teacher):\n"
            "        super().__init__()\n"
            f"        self.student = nn.Linear(student[1]['embedding'].flatten(1).shape[1], {self.size})\n"
            f"        self.teacher = nn.Linear(teacher[1]['embedding'].flatten(1).shape[1], {self.size})\n"
            "\n"
            "    def forward(self, student, teacher):\n"
            "        ours = self.student(student[1]['embedding'].flatten(1))\n"
            "        theirs = self.teacher(teacher[1]['embedding'].flatten(1))\n"
            "        return (student[0], {'projection': ours}), (teacher[0], {'projection': theirs})"
        )
