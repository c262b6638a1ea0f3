"""The form of a loss on logits: which divergence, at which temperature, and how its terms are scaled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

from kd_core.settings import Settings, setting

Divergence = Literal["forward", "reverse", "jensen_shannon", "skew_forward", "skew_reverse", "logit_mse"]
DIVERGENCES: Final[tuple[Divergence, ...]] = get_args(Divergence)
MIXED: Final[Mapping[str, str]] = {"jensen_shannon": "beta", "skew_forward": "alpha", "skew_reverse": "alpha"}
"""Divergences that compare with a mixture, with the setting that says how much of whom is in it."""
_SHARED: Final = ("temperature", "teacher_weight", "label_weight", "scale_by_t2", "mean_over_classes", "beta", "alpha")
_BY_METHOD: Final[Mapping[str, Divergence]] = {
    "soft_cross_entropy": "forward",
    "jensen_shannon": "jensen_shannon",
    "logit_mse": "logit_mse",
}


class LossForm(Settings):
    """L = label weight x CE(y, p_s) + teacher weight x T² x divergence of the softened probabilities."""

    divergence: Divergence = setting("forward", title="Teacher's term")
    temperature: float = setting(4.0, title="Temperature", gt=0, le=1000)
    teacher_weight: float = setting(0.9, title="Teacher weight", ge=0, le=1)
    label_weight: float | None = setting(None, title="Label weight", ge=0, le=10)
    scale_by_t2: bool = setting(True, title="Multiply by T²")
    mean_over_classes: bool = setting(False, title="Average over classes too")
    beta: float = setting(0.5, title="Teacher's share of the mixture", gt=0, lt=1)
    alpha: float = setting(0.1, title="Share in its own mixture", ge=0, lt=1)

    @property
    def weight_of_labels(self) -> float:
        """Return the labels' weight: its own, or what the teacher's leaves of 1."""
        return 1 - self.teacher_weight if self.label_weight is None else self.label_weight

    def teacher_factor(self, classes: int) -> float:
        """Return what the divergence is multiplied by: weight, T² and 1 / K as far as they are switched on.

        The logits' squared distance knows no temperature, and is a mean over classes by definition.

        Args:
            classes: K.
        """
        if self.divergence == "logit_mse":
            return self.teacher_weight
        factor = self.teacher_weight * (self.temperature**2 if self.scale_by_t2 else 1.0)
        return factor / classes if self.mean_over_classes else factor


def form_of_method(method: Mapping[str, Any]) -> LossForm | None:
    """Return the form of a method's loss; None where the method has terms that are not on single logits alone.

    Args:
        method: as JSON, with its name.
    """
    name = method["name"]
    if name == "skew_kl":
        divergence: Divergence = "skew_forward" if method["direction"] == "forward" else "skew_reverse"
    elif name == "soft_targets":
        divergence = method["direction"]
    elif name in _BY_METHOD:
        divergence = _BY_METHOD[name]
    else:
        return None
    given = {field: method[field] for field in _SHARED if field in method}
    return LossForm.from_json({"divergence": divergence, **given})
