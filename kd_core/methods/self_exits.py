"""Self exits: a network is its own teacher, its end teaches classifiers on its way."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from kd_core.functional import flatten_features, kl_divergence, label_cross_entropy
from kd_core.methods.base import Method, method_weight, temperature_setting
from kd_core.networks import Auxiliary, EarlyExits
from kd_core.outputs import Outputs
from kd_core.settings import setting


class SelfExits(Method):
    """The network is its own teacher: what it says at its end is followed by classifiers on its way.

    Each exit learns from the labels, from the softened answer at the end and from the features there. Afterwards an
    easy image can leave early: less accurate, and sooner. The end itself learns from the labels, and from what the
    exits ask of the layers that all share.
    """

    name: Literal["self_exits"] = "self_exits"
    needs_teacher: ClassVar[bool] = False
    needs: ClassVar[frozenset[str]] = frozenset({"early", "middle", "late", "embedding"})
    formula: ClassVar[str] = (
        r"\mathcal{L} = \mathrm{CE}(y, p) + \sum_{e}"
        r"\big[(1-\alpha)\,\mathrm{CE}(y, p_e) + \alpha\,T^2\,\mathrm{KL}\big(p^{T} \,\|\, p_e^{T}\big)"
        r" + \lambda\,\overline{(F_e - F)^2}\big]"
    )
    abbreviation: ClassVar[str] = "BYOT"
    source: ClassVar[str] = "Zhang et al. 2019 (be your own teacher)"

    follow_weight: float = setting(
        0.3,
        title="Weight of the end's answer",
        description="How much an exit follows the end instead of the labels (alpha).",
        ge=0,
        le=1,
        lane=True,
    )
    temperature: float = temperature_setting(3.0)
    feature_weight: float = method_weight(
        0.03, "Of the mean squared difference between an exit's features and the end's (lambda).", "Weight of features"
    )

    def auxiliary(self, student: Outputs, teacher: Outputs | None) -> Auxiliary | None:
        """Return the exits."""
        return EarlyExits(student)

    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return ``labels`` (of the end), ``exit_labels`` and ``exits`` in nats, and ``features`` squared.

        ``teacher`` is the end itself, held fixed: it does not move towards its exits.
        """
        assert teacher is not None  # the auxiliary module has made it
        nothing = student.logits.sum() * 0
        by_labels, by_logits, by_features = nothing, nothing, nothing
        embedding = flatten_features(teacher.features["embedding"])
        for depth, logits in student.heads.items():
            if labels is not None:
                by_labels = by_labels + label_cross_entropy(logits, labels)
            by_logits = by_logits + kl_divergence(teacher.logits, logits, self.temperature)
            by_features = by_features + (student.features[f"exit_{depth}"] - embedding).square().mean()
        return {
            "labels": nothing if labels is None else label_cross_entropy(student.logits, labels),
            "exit_labels": (1 - self.follow_weight) * by_labels,
            "exits": self.follow_weight * self.temperature**2 * by_logits,
            "features": self.feature_weight * by_features,
        }

    def loss_code(self) -> str:
        """Return the loss in plain PyTorch; see ``Method.loss_code``."""
        return (
            "end = teacher_features['embedding'].flatten(1)  # the network's own end, held fixed, is the teacher\n"
            "total = cross_entropy(student, labels)\n"
            "for depth in student_features['exits']:\n"
            "    feature, logits = student_features['exits'][depth]\n"
            "    soft = temperature**2 * kl_divergence(teacher, logits, temperature)\n"
            "    total = total + (1 - follow_weight) * cross_entropy(logits, labels) + follow_weight * soft\n"
            "    total = total + feature_weight * (feature - end).square().mean()\n"
            "return total"
        )

    def auxiliary_code(self) -> str:
        """Return the auxiliary module in plain PyTorch; see ``Method.auxiliary_code``."""
        return (
            "class Bridge(nn.Module):\n"
            '    """Classifiers on the network\'s way; of depths that are one layer, only one gets an exit."""\n'
            "\n"
            "    def __init__(self, student, teacher):\n"
            "        super().__init__()\n"
            "        logits, features = student\n"
            "        width, seen = features['embedding'].flatten(1).shape[1], [features['late']]\n"
            "        self.adapters, self.classifiers = nn.ModuleDict(), nn.ModuleDict()\n"
            "        for depth in ('early', 'middle'):\n"
            "            feature = features[depth]\n"
            "            if depth == 'early' or not any(feature is earlier for earlier in seen):\n"
            "                self.adapters[depth] = nn.Linear(feature.shape[1], width)\n"
            "                self.classifiers[depth] = nn.Linear(width, logits.shape[1])\n"
            "            seen.append(feature)\n"
            "\n"
            "    def forward(self, student, teacher):\n"
            "        logits, features = student\n"
            "        exits = {}\n"
            "        for depth, adapter in self.adapters.items():\n"
            "            feature = features[depth]\n"
            "            adapted = adapter(feature.mean((2, 3)) if feature.dim() == 4 else feature).relu()\n"
            "            exits[depth] = adapted, self.classifiers[depth](adapted)\n"
            "        end = {'embedding': features['embedding'].detach()}\n"
            "        return (logits, {**features, 'exits': exits}), (logits.detach(), end)"
        )
