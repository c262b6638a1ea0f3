"""Attention transfer: the student looks where the teacher looks."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor

from kd_core.functional import attention_map, match_sizes
from kd_core.methods.base import WithSoftTargets, method_weight
from kd_core.outputs import Outputs
from kd_core.settings import setting

DEPTHS = ("early", "middle", "late")


class AttentionTransfer(WithSoftTargets):
    """The student looks where the teacher looks.

    The squared activations of a convolution, averaged over its channels, make a picture of where a network looks. The
    student's pictures are led to the teacher's at several depths. Nothing has to be translated, because a picture has
    no channels: only networks that keep the image's plane can learn like this.
    """

    name: Literal["attention_transfer"] = "attention_transfer"
    needs: ClassVar[frozenset[str]] = frozenset({"maps"})
    formula: ClassVar[str] = (
        WithSoftTargets.soft_formula
        + r" + \beta \sum_{l} \overline{\big(q(F_s^l) - q(F_t^l)\big)^2},"
        + r"\quad q(F) = \frac{\sum_c F_c^2}{\lVert \sum_c F_c^2 \rVert_2}"
    )
    abbreviation: ClassVar[str] = "AT"
    source: ClassVar[str] = "Zagoruyko, Komodakis 2017"

    weight: float = method_weight(1000.0, "Of the mean squared difference of the attention pictures (beta).")
    layers: Literal["all", "early", "middle", "late"] = setting(
        "all", title="Layers", description="At which depths the pictures are compared; all adds three terms up."
    )

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``teacher`` in nats, and ``attention``, a mean over samples and positions."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        depths = DEPTHS if self.layers == "all" else (self.layers,)
        pairs = [match_sizes(student.features[depth], teacher.features[depth]) for depth in depths]
        difference = torch.stack(
            [
                (attention_map(student_maps) - attention_map(teacher_maps)).square().mean()
                for student_maps, teacher_maps in pairs
            ]
        ).sum()
        return {**self.base_terms(student, teacher, labels), "attention": self.weight * difference}

    def pictures(self, student: Outputs, teacher: Outputs | None) -> dict[str, Tensor]:
        """Return where both networks look at every depth, (N, H, W) each, the brightest position 1."""
        networks = {"student": student} if teacher is None else {"student": student, "teacher": teacher}
        pictures = {}
        for who, outputs in networks.items():
            for depth in DEPTHS:
                maps = outputs.features[depth]
                attention = attention_map(maps)
                normalised = attention / attention.amax(1, keepdim=True).clamp(min=1e-12)
                pictures[f"{who}_{depth}"] = normalised.reshape(len(maps), *maps.shape[2:])
        return pictures

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        depths = DEPTHS if self.layers == "all" else (self.layers,)
        return (
            f"total = {self.base_code}\n"
            f"for depth in {list(depths)}:\n"
            "    # Where a network looks: the mean of its squared channels, of length 1.\n"
            "    student_map, teacher_map = (\n"
            "        F.normalize(maps.square().mean(1).flatten(1), dim=1)\n"
            "        for maps in match_sizes(student_features[depth], teacher_features[depth])\n"
            "    )\n"
            "    total = total + weight * (student_map - teacher_map).square().mean()\n"
            "return total"
        )
