"""The maths on logits, against the reference values, hand calculations, torch's own functions and scipy."""

from __future__ import annotations

import math
import warnings

import pytest
import scipy.special
import scipy.stats
import torch
from torch import Tensor
from torch.nn import functional

from kd_core.functional.divergences import (
    at_least_float32,
    cross_entropy,
    entropy,
    js_divergence,
    kl_divergence,
    kl_per_sample,
    label_cross_entropy,
    skew_kl_divergence,
    soften,
)
from tests.functional.fixed_input import LABELS, STUDENT, TEACHER, G

temperatures = pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 20.0])
EXTREME = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4], [0.0, 0.0, 0.0]])


def close(found: Tensor | float, expected: Tensor | float, tolerance: float = 1e-9) -> bool:
    first, second = (torch.as_tensor(value, dtype=torch.float64) for value in (found, expected))
    return bool(torch.allclose(first, second, rtol=0, atol=tolerance))


# Softening


def test_softening_by_hand() -> None:
    logits = torch.tensor([math.log(1.0), math.log(2.0), math.log(5.0)], dtype=torch.float64)
    assert close(soften(logits), torch.tensor([1 / 8, 2 / 8, 5 / 8]))
    assert close(soften(2 * logits, 2), torch.tensor([1 / 8, 2 / 8, 5 / 8]))


@temperatures
def test_softening_is_the_softmax_of_the_divided_logits(temperature: float) -> None:
    expected = scipy.special.softmax(TEACHER.numpy() / temperature, axis=-1)
    assert close(soften(TEACHER, temperature), torch.from_numpy(expected))


def test_probabilities_sum_to_one_and_keep_the_order_of_the_logits() -> None:
    for temperature in (0.1, 1, 7, 1000):
        soft = soften(TEACHER, temperature)
        assert close(soft.sum(-1), torch.ones(4))
        assert torch.equal(soft.argsort(-1), TEACHER.argsort(-1))


def test_an_infinite_temperature_gives_the_uniform_distribution() -> None:
    assert close(soften(TEACHER, math.inf), torch.full((4, 5), 0.2, dtype=torch.float64))


def test_a_higher_temperature_never_lowers_the_entropy() -> None:
    by_temperature = torch.stack([entropy(soften(TEACHER, t)) for t in (0.25, 0.5, 1, 2, 4, 8, 16)])
    assert (by_temperature.diff(dim=0) > 0).all()


# Entropy


def test_entropy_of_a_uniform_distribution_is_the_logarithm_of_the_classes() -> None:
    found = entropy(torch.full((3, 10), 0.1, dtype=torch.float64))
    assert found.tolist() == pytest.approx([math.log(10)] * 3)


def test_entropy_of_certainty_is_zero() -> None:
    assert entropy(torch.tensor([1.0, 0.0, 0.0])) == 0


def test_entropy_agrees_with_scipy() -> None:
    expected = scipy.stats.entropy(soften(TEACHER).numpy(), axis=-1)
    assert close(entropy(soften(TEACHER)), torch.from_numpy(expected))


# KL


def test_kl_of_the_fixed_input() -> None:
    assert close(kl_divergence(TEACHER, STUDENT), G["KL at 1"])
    assert close(kl_divergence(TEACHER, STUDENT, 4) * 16, G["KL x T² at 4"])
    assert close(kl_divergence(STUDENT, TEACHER, 4) * 16, G["reverse KL x T² at 4"])


@temperatures
def test_identical_logits_give_zero_divergence(temperature: float) -> None:
    assert kl_divergence(TEACHER, TEACHER, temperature) == 0
    assert js_divergence(TEACHER, TEACHER, temperature).abs() < 1e-12


@temperatures
def test_divergence_is_never_negative(temperature: float) -> None:
    random = torch.Generator().manual_seed(0)
    first, second = (5 * torch.randn(200, 10, generator=random, dtype=torch.float64) for _ in range(2))
    assert (kl_per_sample(first, second, temperature) >= 0).all()


def test_adding_a_number_to_all_logits_changes_nothing() -> None:
    assert close(kl_divergence(TEACHER + 7, STUDENT - 3, 4), kl_divergence(TEACHER, STUDENT, 4))


@temperatures
def test_kl_is_torchs_own_with_batchmean(temperature: float) -> None:
    log_s, log_t = (functional.log_softmax(z / temperature, -1) for z in (STUDENT, TEACHER))
    expected = functional.kl_div(log_s, log_t, reduction="batchmean", log_target=True)
    assert close(kl_divergence(TEACHER, STUDENT, temperature), expected)


@temperatures
def test_soft_cross_entropy_is_kl_plus_the_teachers_entropy(temperature: float) -> None:
    difference = cross_entropy(TEACHER, STUDENT, temperature) - kl_divergence(TEACHER, STUDENT, temperature)
    assert close(difference, entropy(soften(TEACHER, temperature)).mean())


def test_soft_cross_entropy_of_the_fixed_input() -> None:
    assert close(cross_entropy(TEACHER, STUDENT, 4) * 16, G["soft CE x T² at 4"])
    assert close(entropy(soften(TEACHER, 4)).mean() * 16, G["teacher's entropy x T² at 4"])


def test_at_high_temperature_the_gradient_is_the_difference_of_centred_logits() -> None:
    student, teacher = (z - z.mean(-1, keepdim=True) for z in (STUDENT, TEACHER))
    student = student.clone().requires_grad_()
    temperature = 1e4
    (kl_divergence(teacher, student, temperature) * temperature**2).backward()  # type: ignore[no-untyped-call]
    assert student.grad is not None
    assert close(student.grad, (student.detach() - teacher) / (4 * 5), 1e-4)


def test_jensen_shannon_is_symmetric_and_at_most_ln_2() -> None:
    assert close(js_divergence(TEACHER, STUDENT), js_divergence(STUDENT, TEACHER))
    opposite = torch.tensor([[100.0, -100.0]], dtype=torch.float64)
    assert close(js_divergence(opposite, -opposite), math.log(2))


def test_jensen_shannon_agrees_with_the_mean_of_two_divergences() -> None:
    first, second = soften(TEACHER), soften(STUDENT)
    middle = (first + second) / 2
    expected = [scipy.stats.entropy(p.numpy(), middle.numpy(), axis=-1).mean() for p in (first, second)]
    assert close(js_divergence(TEACHER, STUDENT), sum(expected) / 2)


@pytest.mark.parametrize("beta", [0.1, 0.5, 0.9])
def test_generalised_jensen_shannon_of_the_fixed_input(beta: float) -> None:
    assert close(js_divergence(TEACHER, STUDENT, beta=beta), G[f"JSD at {beta}"])


def test_generalised_jensen_shannon_swaps_its_sides_with_beta() -> None:
    assert close(js_divergence(TEACHER, STUDENT, beta=0.2), js_divergence(STUDENT, TEACHER, beta=0.8))
    assert js_divergence(TEACHER, STUDENT, beta=0.0).abs() < 1e-12
    assert close(js_divergence(TEACHER, STUDENT, beta=1e-6) / 1e-6, kl_divergence(TEACHER, STUDENT), 1e-4)


@pytest.mark.parametrize("alpha", [0.1, 0.3])
def test_skewed_divergence_of_the_fixed_input(alpha: float) -> None:
    assert close(skew_kl_divergence(TEACHER, STUDENT, alpha=alpha), G[f"skewed forward KL at {alpha}"])
    assert close(skew_kl_divergence(STUDENT, TEACHER, alpha=alpha), G[f"skewed reverse KL at {alpha}"])


def test_skewed_divergence_without_skew_is_the_divergence_and_with_some_it_has_a_bound() -> None:
    assert close(skew_kl_divergence(TEACHER, STUDENT, 4, alpha=0.0), kl_divergence(TEACHER, STUDENT, 4))
    opposite = torch.tensor([[1000.0, -1000.0]], dtype=torch.float64)
    assert close(skew_kl_divergence(opposite, -opposite, alpha=0.1), -math.log(0.1))


# Hard labels


def test_label_cross_entropy_of_the_fixed_input() -> None:
    assert close(label_cross_entropy(STUDENT, LABELS), G["CE"])


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_label_cross_entropy_is_torchs_own(smoothing: float) -> None:
    expected = functional.cross_entropy(STUDENT, LABELS, label_smoothing=smoothing)
    assert close(label_cross_entropy(STUDENT, LABELS, smoothing), expected)


def test_images_without_a_label_add_nothing() -> None:
    labels = torch.tensor([0, -1, 2, -1])
    expected = functional.cross_entropy(STUDENT[[0, 2]], LABELS[[0, 2]])
    assert close(label_cross_entropy(STUDENT, labels), expected)


def test_a_batch_without_any_label_costs_nothing_and_moves_nothing() -> None:
    student = STUDENT.clone().requires_grad_()
    loss = label_cross_entropy(student, torch.full((4,), -1))
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss == 0
    assert student.grad is not None and not student.grad.any()


# Numbers at the edge


def test_extreme_logits_give_finite_values_and_gradients() -> None:
    student = (-EXTREME).clone().requires_grad_()
    losses = [
        kl_divergence(EXTREME, student),
        cross_entropy(EXTREME, student),
        js_divergence(EXTREME, student),
        skew_kl_divergence(EXTREME, student),
        skew_kl_divergence(student, EXTREME),
        label_cross_entropy(student, torch.tensor([0, 1, 2])),
    ]
    torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
    assert all(loss.isfinite() for loss in losses)
    assert entropy(soften(EXTREME)).isfinite().all()
    assert student.grad is not None and student.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_inputs_are_computed_in_float32(dtype: torch.dtype) -> None:
    student, teacher = STUDENT.to(dtype), TEACHER.to(dtype)
    assert kl_divergence(teacher, student, 4).dtype == torch.float32
    assert torch.equal(kl_divergence(teacher, student, 4), kl_divergence(teacher.float(), student.float(), 4))
    assert soften(student).dtype == entropy(student).dtype == torch.float32
    assert at_least_float32(TEACHER).dtype == torch.float64


def test_every_divergence_can_be_mapped_over_lanes_without_a_slow_fallback() -> None:
    temperature = torch.tensor([1.0, 4.0, 20.0], dtype=torch.float64)
    for divergence in (kl_divergence, cross_entropy, js_divergence, skew_kl_divergence):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            lanes = torch.func.vmap(divergence, in_dims=(None, None, 0))(TEACHER, STUDENT, temperature)
        alone = torch.stack([divergence(TEACHER, STUDENT, float(t)) for t in temperature])
        assert close(lanes, alone, 1e-12)
