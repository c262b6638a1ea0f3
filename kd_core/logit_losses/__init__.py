"""What a distillation loss asks of single logits: its terms' values and gradients in closed form, without torch."""

from kd_core.logit_losses.form_text import changed_form, changes_text
from kd_core.logit_losses.loss_form import DIVERGENCES, MIXED, Divergence, LossForm, form_of_method
from kd_core.logit_losses.over_temperature import TemperaturePulls, evenly_spread, pulls_over_temperature
from kd_core.logit_losses.terms import LossTerm, high_temperature_gradient, loss_gradient, loss_terms, usable_images

__all__ = [
    "DIVERGENCES",
    "MIXED",
    "Divergence",
    "LossForm",
    "LossTerm",
    "TemperaturePulls",
    "changed_form",
    "changes_text",
    "evenly_spread",
    "form_of_method",
    "high_temperature_gradient",
    "loss_gradient",
    "loss_terms",
    "pulls_over_temperature",
    "usable_images",
]
