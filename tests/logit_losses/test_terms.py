"""The closed forms of the loss lab against what autograd finds for the methods themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from kd_core.errors import DataUnusable, InvalidSetting
from kd_core.logit_losses import (
    DIVERGENCES,
    LossForm,
    changed_form,
    changes_text,
    evenly_spread,
    form_of_method,
    high_temperature_gradient,
    loss_gradient,
    loss_terms,
    pulls_over_temperature,
    usable_images,
)
from kd_core.methods import METHODS
from kd_core.outputs import Outputs
from tests.functional.fixed_input import LABELS, STUDENT, TEACHER, G

Z_T, Z_S, Y = TEACHER.numpy(), STUDENT.numpy(), LABELS.numpy()
METHODS_OF_FORMS: list[dict[str, Any]] = [
    {"name": "soft_targets"},
    {"name": "soft_targets", "direction": "reverse", "temperature": 2.5, "teacher_weight": 0.3},
    {"name": "soft_targets", "scale_by_t2": False, "label_weight": 2.0},
    {"name": "soft_targets", "mean_over_classes": True, "temperature": 0.5},
    {"name": "soft_cross_entropy", "temperature": 3},
    {"name": "jensen_shannon", "beta": 0.2, "temperature": 2},
    {"name": "jensen_shannon", "beta": 0.9},
    {"name": "skew_kl", "alpha": 0.3, "temperature": 5},
    {"name": "skew_kl", "alpha": 0.1, "direction": "reverse"},
    {"name": "skew_kl", "alpha": 0.0, "direction": "reverse"},
    {"name": "logit_mse", "teacher_weight": 0.4},
]


@pytest.mark.parametrize("settings", METHODS_OF_FORMS, ids=str)
def test_every_terms_gradient_is_the_one_that_autograd_finds_for_the_method(settings: dict[str, Any]) -> None:
    method = METHODS[settings["name"]].from_json(settings)
    form = form_of_method(method.to_json())
    assert form is not None
    student = STUDENT.clone().requires_grad_()
    expected = method.terms(Outputs(student, {}), Outputs(TEACHER, {}), LABELS)
    terms = loss_terms(form, Z_T, Z_S, Y)
    assert terms.keys() == expected.keys()
    for name, term in terms.items():
        (slope,) = torch.autograd.grad(expected[name], student, retain_graph=True)
        # The method's loss is a mean over the batch; the lab's is of each image.
        np.testing.assert_allclose(term.gradient / len(Y), slope.numpy(), rtol=0, atol=1e-12)
        if settings["name"] != "soft_cross_entropy" or name == "labels":  # which differs by the teacher's entropy
            assert float(expected[name].detach()) == pytest.approx(term.weighted.mean(), abs=1e-12)


def test_the_fixed_input_gives_the_reference_values() -> None:
    forward = loss_terms(LossForm(), Z_T, Z_S, Y)
    assert forward["labels"].value.mean() == pytest.approx(G["CE"], abs=1e-9)
    assert forward["teacher"].value.mean() * 16 == pytest.approx(G["KL x T² at 4"], abs=1e-9)
    mse = loss_terms(LossForm(divergence="logit_mse"), Z_T, Z_S, Y)
    assert mse["teacher"].value.mean() == pytest.approx(G["logit MSE"], abs=1e-9)
    for beta in (0.1, 0.5, 0.9):
        jensen_shannon = LossForm(divergence="jensen_shannon", temperature=1, beta=beta)
        assert loss_terms(jensen_shannon, Z_T, Z_S, Y)["teacher"].value.mean() == pytest.approx(
            G[f"JSD at {beta}"], abs=1e-9
        )


def test_a_gradient_moves_no_sum_of_logits_and_the_loss_has_the_sum_of_its_terms() -> None:
    for divergence in DIVERGENCES:
        terms = loss_terms(LossForm(divergence=divergence), Z_T, Z_S, Y)
        total = loss_gradient(terms)
        np.testing.assert_allclose(total, terms["labels"].gradient + terms["teacher"].gradient)
        if divergence != "logit_mse":  # which alone notices when all logits are moved alike
            np.testing.assert_allclose(total.sum(-1), 0, atol=1e-12)


def test_the_mean_over_classes_makes_the_teacher_k_times_weaker() -> None:
    summed, averaged = (loss_terms(LossForm(mean_over_classes=on), Z_T, Z_S, Y)["teacher"] for on in (False, True))
    np.testing.assert_allclose(5 * averaged.gradient, summed.gradient)


def test_a_teacher_weight_and_a_label_weight_are_opposite_conventions_of_one_number() -> None:
    ours = loss_terms(LossForm(teacher_weight=0.9), Z_T, Z_S, Y)
    theirs = loss_terms(LossForm(teacher_weight=1 - 0.9), Z_T, Z_S, Y)
    np.testing.assert_allclose(ours["labels"].gradient * 9, theirs["labels"].gradient)
    assert LossForm(teacher_weight=0.9, label_weight=0.9).weight_of_labels == 0.9


@pytest.mark.parametrize("divergence", DIVERGENCES)
@pytest.mark.parametrize("scale_by_t2", [True, False])
def test_at_high_temperature_the_gradient_is_its_limit(divergence: Any, scale_by_t2: bool) -> None:
    form = LossForm(divergence=divergence, temperature=1000, scale_by_t2=scale_by_t2, beta=0.2, alpha=0.3)
    limit = high_temperature_gradient(form, Z_T, Z_S)
    found = loss_terms(form, Z_T, Z_S, Y)["teacher"].gradient
    np.testing.assert_allclose(found, limit, rtol=0, atol=0.01 * np.abs(limit).max())


def test_the_limit_of_kl_is_the_difference_of_centred_logits_over_the_classes() -> None:
    centred = (Z_S - Z_S.mean(-1, keepdims=True)) - (Z_T - Z_T.mean(-1, keepdims=True))
    limit = high_temperature_gradient(LossForm(teacher_weight=1), Z_T + 3, Z_S)
    np.testing.assert_allclose(limit, centred / 5, atol=1e-12)


def test_over_temperature_t_squared_keeps_the_pull_and_without_it_falls_with_t_squared() -> None:
    pulls = pulls_over_temperature(LossForm(), Z_T, Z_S, Y, [10, 100])
    assert pulls.with_t2[1] / pulls.with_t2[0] == pytest.approx(1, abs=0.1)
    assert pulls.without_t2[0] / pulls.without_t2[1] == pytest.approx(100, rel=0.1)
    assert pulls.with_t2[1] == pytest.approx(pulls.limit, rel=0.02)
    assert pulls.distance[1] < pulls.distance[0] < 0.2
    np.testing.assert_array_equal(pulls.labels[0], pulls.labels[1])
    own = loss_terms(LossForm(temperature=10, scale_by_t2=False), Z_T, Z_S, Y)["teacher"].length.mean()
    assert pulls.without_t2[0] == pytest.approx(own, rel=1e-12)


def test_logits_matched_directly_know_no_temperature() -> None:
    pulls = pulls_over_temperature(LossForm(divergence="logit_mse", mean_over_classes=True), Z_T, Z_S, Y, [0.5, 50])
    assert pulls.with_t2[0] == pulls.with_t2[1] == pulls.without_t2[1] == pytest.approx(pulls.limit)


def test_networks_that_agree_are_at_no_distance_from_a_limit_of_zero() -> None:
    pulls = pulls_over_temperature(LossForm(), Z_T, Z_T, Y, [2])
    assert (pulls.with_t2[0], pulls.limit, pulls.distance[0]) == (0, 0, 0)


def test_an_image_without_a_label_has_no_labels_term() -> None:
    terms = loss_terms(LossForm(), Z_T, Z_S, np.array([-1, 1, 2, 3]))
    assert terms["labels"].value[0] == 0 and not terms["labels"].gradient[0].any()
    assert terms["teacher"].gradient[0].any()


@pytest.mark.parametrize("divergence", DIVERGENCES)
def test_extreme_logits_stay_finite(divergence: Any) -> None:
    far = np.array([[1e4, -1e4, 0.0]])
    terms = loss_terms(LossForm(divergence=divergence, alpha=0.1), far, -far, np.array([0]))
    assert all(np.isfinite(term.gradient).all() and np.isfinite(term.value).all() for term in terms.values())


@pytest.mark.parametrize(
    ("teacher", "student", "labels", "words"),
    [
        (Z_T[:, :4], Z_S, Y, "logits are"),
        (Z_T[0], Z_S[0], Y, "logits are"),
        (Z_T[:0], Z_S[:0], Y[:0], "logits are"),
        (Z_T, Z_S, Y[:2], "logits are"),
        (np.where(Z_T.max() == Z_T, np.nan, Z_T), Z_S, Y, "on 1 images a logit is not a finite number"),
        (Z_T, Z_S, Y + 2, "the label 5 is none of 5 classes"),
    ],
    ids=["other classes", "one image", "no image", "too few labels", "NaN", "label outside"],
)
def test_what_does_not_fit_is_refused_with_a_reason(teacher: Any, student: Any, labels: Any, words: str) -> None:
    with pytest.raises(DataUnusable, match=words):
        loss_terms(LossForm(), teacher, student, labels)


@pytest.mark.parametrize("values", [{"temperature": 0}, {"beta": 1}, {"divergence": "sideways"}], ids=str)
def test_impossible_forms_are_refused_by_name(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting, match=next(iter(values))):
        LossForm.from_json(values)


@pytest.mark.parametrize("name", ["labels_only", "hints", "decoupled", "self_exits"])
def test_methods_whose_terms_are_not_on_single_logits_have_no_form(name: str) -> None:
    assert form_of_method(METHODS[name]().to_json()) is None


def test_images_on_which_a_network_broke_down_are_told_apart() -> None:
    broken = Z_S.copy()
    broken[1, 2] = np.nan
    assert usable_images(Z_T, broken).tolist() == [True, False, True, True]


@pytest.mark.parametrize(("count", "most", "expected"), [(3, 5, [0, 1, 2]), (9, 3, [0, 4, 8]), (0, 4, [])])
def test_a_part_of_many_images_is_spread_evenly(count: int, most: int, expected: list[int]) -> None:
    assert evenly_spread(count, most).tolist() == expected


def test_a_form_is_written_as_what_differs_and_read_back() -> None:
    base = LossForm(temperature=4, label_weight=0.5)
    form = LossForm(divergence="reverse", temperature=20, scale_by_t2=False)
    assert changes_text(base, form) == "divergence:reverse,temperature:20.0,label_weight:none,scale_by_t2:false"
    assert changed_form(base, changes_text(base, form)) == form
    assert changes_text(base, base) == "" and changed_form(base, "") == base


@pytest.mark.parametrize("text", ["temperature:-1", "warmth:4", "temperature", "divergence:[", "a:b:c,,"], ids=str)
def test_a_text_that_is_no_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidSetting):
        changed_form(LossForm(), text)
