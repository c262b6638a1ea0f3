"""The bias that is chosen is the best there is, and it is arithmetic on stored logits alone."""

import numpy as np
import pytest

from benchmarks.evidence.bias_shift import best_shift, shifted, wrong


def test_wrong_counts_the_images_of_one_class_or_of_all() -> None:
    logits = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [5.0, 0.0, 1.0], [0.0, 1.0, 2.0]])
    labels = np.array([0, 2, 2, 2])
    assert (wrong(logits, labels), wrong(logits, labels, only=2), wrong(logits, labels, only=0)) == (2, 2, 0)


def test_a_shift_moves_its_classes_and_leaves_the_given_logits_alone() -> None:
    logits = np.zeros((1, 3), dtype=np.float32)
    assert shifted(logits, [1, 2], -1.5).tolist() == [[0.0, -1.5, -1.5]]
    assert logits.tolist() == [[0.0, 0.0, 0.0]]


def test_a_class_that_was_never_shown_is_raised_until_its_images_are_found() -> None:
    # By hand: the images of class 2 miss by 1 and by 2; one of class 0 leads by 6. Any amount from 2 to 6 is perfect.
    logits = np.array([[3.0, 0.0, 2.0], [0.0, 4.0, 2.0], [7.0, 0.0, 1.0]])
    labels = np.array([2, 2, 0])
    assert best_shift(logits, labels, [2]) == pytest.approx(4.0)
    assert wrong(shifted(logits, [2], 4.0), labels) == 0


def test_two_classes_that_are_chosen_too_often_are_lowered_together() -> None:
    logits = np.array([[1.0, 3.0, 0.0], [0.0, 9.0, 1.0], [0.0, 1.0, 8.0]])
    labels = np.array([0, 1, 2])
    amount = best_shift(logits, labels, [1, 2])
    assert amount == pytest.approx(-5.0)  # the middle of -8 and -2
    assert wrong(shifted(logits, [1, 2], amount), labels) == 0


def test_what_is_right_already_is_not_shifted() -> None:
    logits = np.array([[5.0, 0.0], [0.0, 5.0]])
    assert best_shift(logits, np.array([0, 1]), [1]) == 0


@pytest.mark.parametrize("classes", [[3], [7, 8], [0, 1, 2, 3]])
def test_no_amount_on_a_fine_grid_is_better(classes: list[int]) -> None:
    draws = np.random.default_rng(0)
    labels = draws.integers(0, 10, 400)
    logits = draws.normal(size=(400, 10)) + 2 * np.eye(10)[labels] - 3 * np.isin(np.arange(10), classes)
    found = wrong(shifted(logits, classes, best_shift(logits, labels, classes)), labels)
    assert found == min(wrong(shifted(logits, classes, amount), labels) for amount in np.linspace(-10, 10, 4001))
