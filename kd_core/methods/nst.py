"""Neuron selectivity transfer: what kinds of channels a layer has."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor
from torch.nn.functional import normalize

from kd_core.functional import match_sizes
from kd_core.methods.base import WithSoftTargets, method_weight
from kd_core.outputs import Outputs
from kd_core.settings import setting


class NST(WithSoftTargets):
    """The student's channels are drawn as a crowd to the teacher's: the same patterns in the same mixture.

    Each channel's picture is one sample of a distribution; the two crowds are compared by their maximum mean
    discrepancy with a squared kernel. The numbers of channels may differ.
    """

    title: ClassVar[str] = "Neuron selectivity transfer"
    name: Literal["nst"] = "nst"
    needs: ClassVar[frozenset[str]] = frozenset({"maps"})
    formula: ClassVar[str] = (
        WithSoftTargets.soft_formula
        + r" + \beta\,\big[\overline{k(t, t')} + \overline{k(s, s')} - 2\,\overline{k(s, t)}\big],"
        + r"\quad k(a, b) = (a^\top b)^2"
    )
    abbreviation: ClassVar[str] = "NST"
    source: ClassVar[str] = "Huang, Wang 2017 (NST)"

    weight: float = method_weight(50.0, "Of the squared maximum mean discrepancy (beta).")
    layer: Literal["early", "middle", "late"] = setting(
        "late", title="Layer", description="Which of the maps is compared; both networks name them by depth."
    )

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` and ``teacher`` in nats, and ``channels``, a mean over samples and pairs of channels."""
        assert teacher is not None  # a recipe without a teacher is refused when it is built
        pair = match_sizes(student.features[self.layer], teacher.features[self.layer])
        student_maps, teacher_maps = (normalize(maps.flatten(2), dim=2) for maps in pair)
        discrepancy = (
            _kernel(teacher_maps, teacher_maps)
            + _kernel(student_maps, student_maps)
            - 2 * _kernel(student_maps, teacher_maps)
        )
        return {**self.base_terms(student, teacher, labels), "channels": self.weight * discrepancy}

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            f"base = {self.base_code}\n"
            f"pair = match_sizes(student_features['{self.layer}'], teacher_features['{self.layer}'])\n"
            "ours, theirs = (F.normalize(maps.flatten(2), dim=2) for maps in pair)\n"
            "\n"
            "def kernel(a, b):  # squared inner products of all pairs of channels\n"
            "    return (a @ b.mT).square().mean()\n"
            "\n"
            "return base + weight * (kernel(theirs, theirs) + kernel(ours, ours) - 2 * kernel(ours, theirs))"
        )


def _kernel(first: Tensor, second: Tensor) -> Tensor:
    """Return the mean squared inner product of channels (N, C, P) with channels (N, C', P)."""
    return (first @ second.mT).square().mean()
