"""How hard each term pulls at every temperature, as the mean over images, and how near that is to its limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kd_core.logit_losses.loss_form import LossForm
from kd_core.logit_losses.terms import high_temperature_gradient, loss_terms
from kd_core.results import Floats


@dataclass(frozen=True)
class TemperaturePulls:
    """Mean lengths of the terms' gradients on an image's logits.

    Args:
        temperatures: (M,).
        labels: (M,), the same everywhere: the labels' term has no temperature.
        with_t2: (M,), of the teacher's term multiplied by T².
        without_t2: (M,), of the same without T².
        limit: what ``with_t2`` tends to, from centred logits.
        distance: (M,), of the teacher's gradient from that limit, over the limit's own length; mean over the images
            whose limit is not 0.
        images: N.
    """

    temperatures: Floats
    labels: Floats
    with_t2: Floats
    without_t2: Floats
    limit: float
    distance: Floats
    images: int


def pulls_over_temperature(
    form: LossForm, teacher: Floats, student: Floats, labels: NDArray[np.integer], temperatures: Sequence[float]
) -> TemperaturePulls:
    """Return how hard each term pulls at several temperatures, whatever the form's own temperature and T² are.

    Args:
        form: of the loss.
        teacher: (N, K).
        student: (N, K).
        labels: (N,).
        temperatures: M of them, above 0.

    Raises:
        DataUnusable: as ``loss_terms``.
    """
    limit = high_temperature_gradient(_at(form, 1.0), teacher, student)
    limit_length = np.linalg.norm(limit, axis=-1)
    label_pull, with_t2, distance = [], [], []
    for temperature in temperatures:
        terms = loss_terms(_at(form, temperature), teacher, student, labels)
        label_pull.append(terms["labels"].length.mean())
        with_t2.append(terms["teacher"].length.mean())
        apart = np.linalg.norm(terms["teacher"].gradient - limit, axis=-1)
        moved = limit_length > 0
        distance.append((apart[moved] / limit_length[moved]).mean() if moved.any() else 0.0)
    steps = np.asarray(temperatures, np.float64)
    scaled = np.array(with_t2)
    plain = scaled if form.divergence == "logit_mse" else scaled / steps**2
    return TemperaturePulls(
        steps, np.array(label_pull), scaled, plain, float(limit_length.mean()), np.array(distance), len(labels)
    )


def evenly_spread(count: int, most: int) -> NDArray[np.intp]:
    """Return at most so many indices of ``count`` images, evenly spread, in order."""
    result: NDArray[np.intp] = np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp))
    return result if count else result[:0]


def _at(form: LossForm, temperature: float) -> LossForm:
    return form.model_copy(update={"temperature": float(temperature), "scale_by_t2": True})
