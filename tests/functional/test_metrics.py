"""Metrics, against hand calculations and scikit-learn."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn import metrics as sklearn_metrics

from kd_core.functional.divergences import soften
from kd_core.functional.metrics import (
    Scores,
    agreement,
    calibration_bins,
    confusion,
    mean_soft_labels,
    per_class_accuracy,
    scores_by_lane,
)

random = torch.Generator().manual_seed(0)
LOGITS = 2 * torch.randn(500, 4, generator=random)
OTHERS = LOGITS + torch.randn(500, 4, generator=random)
LABELS = torch.randint(0, 4, (500,), generator=random)


def logits_of(confidences: list[float]) -> torch.Tensor:
    """Return logits of two classes that choose class 0 with these confidences."""
    first = torch.tensor(confidences, dtype=torch.float64)
    return torch.stack([first, 1 - first], dim=1).log()


def accuracy(logits: torch.Tensor, labels: torch.Tensor) -> float:
    return float((logits.argmax(-1) == labels).double().mean())


def scores(logits: torch.Tensor, labels: torch.Tensor) -> Scores:
    """Return the scores of a single network."""
    return scores_by_lane(logits[None], labels)[0]


def ece(logits: torch.Tensor, labels: torch.Tensor) -> float:
    return scores(logits, labels).ece


def test_accuracy_by_hand() -> None:
    logits = torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 1.0], [0.0, 9.0]])
    assert scores(logits, torch.tensor([0, 1, 1, 1])).accuracy == 0.75


def test_accuracy_confusion_and_nll_agree_with_scikit_learn() -> None:
    chosen = LOGITS.argmax(-1)
    assert scores(LOGITS, LABELS).accuracy == pytest.approx(sklearn_metrics.accuracy_score(LABELS, chosen))
    expected = sklearn_metrics.log_loss(LABELS, LOGITS.double().softmax(-1))
    assert scores(LOGITS, LABELS).nll == pytest.approx(expected, rel=1e-6)
    assert confusion(LOGITS, LABELS).tolist() == sklearn_metrics.confusion_matrix(LABELS, chosen).tolist()
    recall = sklearn_metrics.recall_score(LABELS, chosen, average=None)
    assert per_class_accuracy(LOGITS, LABELS).tolist() == pytest.approx(recall.tolist())


def test_rows_of_the_confusion_matrix_are_labels() -> None:
    logits = torch.tensor([[0.0, 5.0, 0.0], [0.0, 5.0, 0.0]])
    counts = confusion(logits, torch.tensor([2, 1]))
    assert counts[2, 1] == counts[1, 1] == 1 and counts.sum() == 2


def test_a_class_without_images_has_no_accuracy() -> None:
    found = per_class_accuracy(torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([0]))
    assert found[0] == 1 and found[1:].isnan().all()


def test_agreement_is_how_often_two_networks_choose_alike() -> None:
    ours = torch.tensor([[2.0, 1.0], [2.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    theirs = torch.tensor([[9.0, 1.0], [0.0, 1.0], [0.0, 5.0], [0.0, 6.0]])
    assert agreement(ours, theirs) == 0.75
    assert agreement(ours, ours) == 1.0


def test_calibration_error_by_hand() -> None:
    # 15 bins. Three images in (.8, .8667] of confidence .85, two of them right; one in (.5333, .6] of .6, right.
    logits = logits_of([0.85, 0.85, 0.85, 0.6])
    expected = (3 * abs(0.85 - 2 / 3) + 1 * abs(0.6 - 1)) / 4
    assert ece(logits, torch.tensor([0, 0, 1, 0])) == pytest.approx(expected, abs=1e-6)


def test_confident_and_right_is_perfectly_calibrated() -> None:
    logits = torch.tensor([[50.0, 0.0], [0.0, 50.0]])
    assert ece(logits, torch.tensor([0, 1])) == pytest.approx(0, abs=1e-6)
    assert ece(logits, torch.tensor([1, 0])) == pytest.approx(1, abs=1e-6)


def test_calibration_error_is_the_usual_sum_over_bins() -> None:
    confidence, chosen = LOGITS.double().softmax(-1).max(-1)
    expected = 0.0
    for low in range(15):
        inside = (confidence > low / 15) & (confidence <= (low + 1) / 15)
        if inside.any():
            gap = (chosen[inside] == LABELS[inside]).double().mean() - confidence[inside].mean()
            expected += float(inside.double().mean() * gap.abs())
    assert ece(LOGITS, LABELS) == pytest.approx(expected, abs=1e-6)


def test_calibration_bins_hold_every_image_once() -> None:
    bins = calibration_bins(LOGITS, LABELS)
    assert bins.shape == (15, 3)
    assert bins[:, 0].sum() == 500
    assert (bins[bins[:, 0] == 0] == 0).all()
    assert float((bins[:, 0] * bins[:, 2]).sum() / 500) == pytest.approx(accuracy(LOGITS, LABELS))


def test_a_confidence_on_the_border_belongs_to_the_lower_bin() -> None:
    assert calibration_bins(torch.zeros(1, 2), torch.tensor([0]), bins=2)[:, 0].tolist() == [1, 0]


def test_mean_soft_labels_of_a_class_are_a_distribution_over_its_images() -> None:
    table = mean_soft_labels(LOGITS, LABELS, 4.0)
    expected = soften(LOGITS, 4.0)[LABELS == 2].mean(0)
    assert table[2].tolist() == pytest.approx(expected.tolist(), abs=1e-6)
    assert table.sum(1).tolist() == pytest.approx([1.0] * 4, abs=1e-6)
    assert mean_soft_labels(LOGITS[:1], torch.tensor([1]))[0].isnan().all()


def test_extreme_logits_stay_numbers() -> None:
    extreme = scores(torch.tensor([[1e4, -1e4], [-1e4, 1e4]]), torch.tensor([0, 0]))
    assert all(math.isfinite(value) for value in (extreme.accuracy, extreme.nll, extreme.ece))


def test_scores_of_many_networks_are_those_of_each_alone() -> None:
    draws = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 40, 5, generator=draws) * 3
    labels = torch.randint(0, 5, (6, 40), generator=draws)
    for lane, together in enumerate(scores_by_lane(logits, labels)):
        assert vars(together) == pytest.approx(vars(scores(logits[lane], labels[lane])), rel=1e-5)
        assert together.accuracy == accuracy(logits[lane], labels[lane])
