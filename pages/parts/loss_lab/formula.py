"""The loss in LaTeX: with the reader's symbols for the weights, and with a run's numbers."""

from __future__ import annotations

from typing import Final

from kd_core.logit_losses import LossForm
from pages.parts.loss_lab.component import Convention

_P, _Q = r"p_t^{T}", r"p_s^{T}"
_DIVERGENCES: Final = {
    "forward": rf"\mathrm{{KL}}\big({_P} \,\|\, {_Q}\big)",
    "reverse": rf"\mathrm{{KL}}\big({_Q} \,\|\, {_P}\big)",
    "jensen_shannon": rf"\mathrm{{JSD}}_{{\beta}}\big({_P}, {_Q}\big)",
    "skew_forward": rf"\mathrm{{KL}}\big({_P} \,\|\, \alpha' {_P} + (1-\alpha') {_Q}\big)",
    "skew_reverse": rf"\mathrm{{KL}}\big({_Q} \,\|\, \alpha' {_Q} + (1-\alpha') {_P}\big)",
    "logit_mse": r"\overline{(z_s - z_t)^2}",
}
_SYMBOLS: Final = {"teacher": (r"(1-\alpha)", r"\alpha"), "labels": (r"\alpha", r"(1-\alpha)")}


def with_symbols(form: LossForm, convention: Convention) -> str:
    """Return the loss in symbols: alpha where one number gives both weights, else a weight for each term."""
    labels, teacher = _SYMBOLS[convention] if form.label_weight is None else ("w_h", "w_s")
    squared = r"\,T^2" if _has_t2(form) else ""
    averaged = r"\,\tfrac{1}{K}" if _is_averaged(form) else ""
    term = rf"{teacher}{squared}{averaged}\,{_DIVERGENCES[form.divergence]}"
    return rf"\mathcal{{L}} = {labels}\,\mathrm{{CE}}(y, p_s) + {term}"


def with_numbers(form: LossForm, classes: int, cross_entropy: float, divergence: float) -> str:
    """Return the loss in numbers.

    Args:
        form: of the loss.
        classes: K.
        cross_entropy: the labels' term before its weight, in nats.
        divergence: the teacher's term before its weight.
    """
    squared = rf"\cdot {form.temperature:g}^2" if _has_t2(form) else ""
    averaged = rf"\cdot \tfrac{{1}}{{{classes}}}" if _is_averaged(form) else ""
    labels, teacher = form.weight_of_labels, form.teacher_factor(classes)
    total = labels * cross_entropy + teacher * divergence
    terms = (
        rf"{labels:.3g} \cdot {cross_entropy:.3g} + {form.teacher_weight:.3g}{squared}{averaged} \cdot {divergence:.3g}"
    )
    return rf"\mathcal{{L}} = {terms} = {labels * cross_entropy:.3g} + {teacher * divergence:.3g} = {total:.3g}"


def _has_t2(form: LossForm) -> bool:
    return form.scale_by_t2 and form.divergence != "logit_mse"


def _is_averaged(form: LossForm) -> bool:
    return form.mean_over_classes and form.divergence != "logit_mse"
