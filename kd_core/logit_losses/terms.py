"""The terms of a loss on logits: value and gradient of each by image, in closed form.

A test holds them against what autograd finds for the methods themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kd_core.errors import DataUnusable, Reason
from kd_core.logit_losses.loss_form import LossForm
from kd_core.results import Floats, log_soften


@dataclass(frozen=True)
class LossTerm:
    """One term of the loss.

    Args:
        value: (N,), before any weight: nats, or squared logits.
        factor: what it is multiplied by in the loss.
        gradient: (N, K), of factor x value by every logit of the student.
    """

    value: Floats
    factor: float
    gradient: Floats

    @property
    def weighted(self) -> Floats:
        """Return what it adds to each image's loss, (N,)."""
        result: Floats = self.factor * self.value
        return result

    @property
    def length(self) -> Floats:
        """Return its gradient's Euclidean length by image, (N,)."""
        result: Floats = np.linalg.norm(self.gradient, axis=-1)
        return result


def loss_terms(form: LossForm, teacher: Floats, student: Floats, labels: NDArray[np.integer]) -> dict[str, LossTerm]:
    """Return the terms ``labels`` and ``teacher`` of every image's loss; a batch's loss is their mean.

    Args:
        form: of the loss.
        teacher: (N, K).
        student: (N, K).
        labels: (N,); an image labelled -1 has no labels' term.

    Raises:
        DataUnusable: the three do not fit each other, or hold something that is not a finite number.
    """
    teacher, student = _checked(teacher, student, labels)
    classes = student.shape[-1]
    value, slope = _divergence(form, teacher, student)
    factor = form.teacher_factor(classes)
    cross_entropy, label_slope = _label_term(student, labels)
    weight = form.weight_of_labels
    return {
        "labels": LossTerm(cross_entropy, weight, weight * label_slope),
        "teacher": LossTerm(value, factor, factor * slope),
    }


def loss_gradient(terms: Mapping[str, LossTerm]) -> Floats:
    """Return the gradient of the whole loss by every logit, (N, K): the sum over its terms."""
    result: Floats = np.sum([term.gradient for term in terms.values()], axis=0)
    return result


def high_temperature_gradient(form: LossForm, teacher: Floats, student: Floats) -> Floats:
    """Return what the teacher's term's gradient tends to as T grows, (N, K): a share of the centred logits' difference.

    With T² that is c (z_s - z_t) / K for centred logits, where c is 1 for either KL, beta (1 - beta) for Jensen-Shannon
    and (1 - alpha)² for the skewed ones; without T² it is divided by T². The logits' squared distance has no
    temperature: there it is the gradient itself.

    Source: Hinton, Vinyals, Dean 2015, equation 4; second-order expansion of the others.
    """
    classes = student.shape[-1]
    difference = np.asarray(student, np.float64) - np.asarray(teacher, np.float64)
    if form.divergence == "logit_mse":
        result: Floats = form.teacher_factor(classes) * 2 * difference / classes
        return result
    difference = difference - difference.mean(-1, keepdims=True)
    share = {"jensen_shannon": form.beta * (1 - form.beta)}.get(form.divergence, 1.0)
    if form.divergence.startswith("skew"):
        share = (1 - form.alpha) ** 2
    scale = form.teacher_factor(classes) / form.temperature**2
    limit: Floats = scale * share * difference / classes
    return limit


def usable_images(*logits: Floats) -> NDArray[np.bool_]:
    """Return which images have finite logits from every network, (N,); a network that broke down has NaN."""
    result: NDArray[np.bool_] = np.all([np.isfinite(values).all(-1) for values in logits], axis=0)
    return result


def _checked(teacher: Floats, student: Floats, labels: NDArray[np.integer]) -> tuple[Floats, Floats]:
    teacher, student = np.asarray(teacher, np.float64), np.asarray(student, np.float64)
    fits = teacher.ndim == 2 and teacher.shape == student.shape and np.shape(labels) == teacher.shape[:1]
    if not fits or not student.size:
        shapes = f"{teacher.shape}, {student.shape}, {np.shape(labels)}"
        template = "logits are (N, K) of teacher and student and labels (N,), not {shapes}"
        raise DataUnusable(source="logits", reason=Reason("logit_shapes", template, shapes=shapes))
    broken = int((~usable_images(teacher, student)).sum())
    if broken:
        template = "on {n} images a logit is not a finite number"
        raise DataUnusable(source="logits", reason=Reason("logits_not_finite", template, n=broken))
    highest, classes = int(np.max(labels)), student.shape[-1]
    if highest >= classes:
        template = "the label {label} is none of {n} classes"
        raise DataUnusable(source="labels", reason=Reason("label_too_large", template, label=highest, n=classes))
    return teacher, student


def _label_term(student: Floats, labels: NDArray[np.integer]) -> tuple[Floats, Floats]:
    """Return CE(y, p_s) by image in nats, (N,), and its gradient p_s - y, (N, K)."""
    log_q = log_soften(student)
    labelled = labels >= 0
    places = np.clip(labels, 0, None)
    target = np.zeros_like(log_q)
    target[np.arange(len(labels)), places] = 1.0
    value = np.where(labelled, -np.take_along_axis(log_q, places[:, None], -1)[:, 0], 0.0)
    return value, np.where(labelled[:, None], np.exp(log_q) - target, 0.0)


def _divergence(form: LossForm, teacher: Floats, student: Floats) -> tuple[Floats, Floats]:
    """Return the unweighted divergence by image, (N,), and its gradient by the student's logits, (N, K)."""
    if form.divergence == "logit_mse":
        difference = student - teacher
        return (difference**2).mean(-1), 2 * difference / difference.shape[-1]
    log_p, log_q = log_soften(teacher, form.temperature), log_soften(student, form.temperature)
    p, q = np.exp(log_p), np.exp(log_q)
    if form.divergence == "forward":
        return (p * (log_p - log_q)).sum(-1), (q - p) / form.temperature
    value, by_probability = _value_and_slope(form, log_p, log_q)
    # Through the softmax: what all classes have in common drops out.
    slope = q * (by_probability - (q * by_probability).sum(-1, keepdims=True))
    return value, slope / form.temperature


def _value_and_slope(form: LossForm, log_p: Floats, log_q: Floats) -> tuple[Floats, Floats]:
    """Return a divergence by image, (N,), and its derivative by the student's probabilities q, (N, K)."""
    p, q = np.exp(log_p), np.exp(log_q)
    if form.divergence == "reverse":
        return (q * (log_q - log_p)).sum(-1), log_q - log_p
    if form.divergence == "jensen_shannon":
        log_m = _log_mixture(log_p, log_q, form.beta)
        value = form.beta * (p * (log_p - log_m)).sum(-1) + (1 - form.beta) * (q * (log_q - log_m)).sum(-1)
        return value, (1 - form.beta) * (log_q - log_m)
    if form.divergence == "skew_forward":
        log_m = _log_mixture(log_p, log_q, form.alpha)
        return (p * (log_p - log_m)).sum(-1), -(1 - form.alpha) * np.exp(log_p - log_m)
    log_m = _log_mixture(log_q, log_p, form.alpha)
    return (q * (log_q - log_m)).sum(-1), log_q - log_m - form.alpha * np.exp(log_q - log_m)


def _log_mixture(first: Floats, second: Floats, share: float) -> Floats:
    """Return ln(share p + (1 - share) q) of log-probabilities."""
    with np.errstate(divide="ignore"):
        result: Floats = np.logaddexp(np.log(share) + first, np.log1p(-share) + second)
    return result
