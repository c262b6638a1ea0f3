"""Where two networks differ: hand calculations, scikit-learn, SciPy, and the same functions in torch."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import binomtest
from sklearn.decomposition import PCA

from kd_core.functional import metrics
from kd_core.results import entropy, wilson_interval
from kd_core.results.inspection import (
    GROUPS,
    NO_ANSWER,
    Answers,
    Plane,
    agreement_by_class,
    answers_of,
    calibration_bins,
    calibration_error,
    comparison_json,
    confusion,
    confusion_difference,
    entropy_bins,
    groups_of,
    last_features,
    logits_after,
    per_class_accuracy,
    plane_of,
    sides_of,
)
from kd_core.store import Store
from tests.pages.conftest import train_tiny_race

NAN = float("nan")
random = np.random.default_rng(0)
LOGITS = 2 * random.standard_normal((500, 4)).astype(np.float32)
OTHERS = LOGITS + random.standard_normal((500, 4)).astype(np.float32)
LABELS = random.integers(0, 4, 500)


def choosing(*classes: int) -> Answers:
    """Return answers of these classes, all half sure."""
    return Answers(np.array(classes), np.full(len(classes), 0.5), np.full(len(classes), 0.5))


def sure(*confidences: float, chosen: int = 0) -> Answers:
    values = np.array(confidences)
    return Answers(np.full(len(values), chosen), values, values)


def test_answers_by_hand() -> None:
    found = answers_of(np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])))
    assert found.chosen.tolist() == [0, 2]
    assert found.confidence == pytest.approx([0.5, 0.8])
    # -(.5 ln .5 + 2 * .25 ln .25) / ln 3 = 1.5 ln 2 / ln 3
    assert found.uncertainty[0] == pytest.approx(1.5 * math.log(2) / math.log(3))
    assert found.uncertainty == pytest.approx(
        entropy(np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]))) / math.log(3)
    )


@pytest.mark.parametrize("broken", [NAN, float("inf"), -float("inf")])
def test_a_logit_that_is_no_number_is_no_answer(broken: float) -> None:
    found = answers_of(np.array([[1.0, broken], [0.0, 3.0]]))
    assert found.chosen.tolist() == [NO_ANSWER, 1]
    assert found.confidence[0] == found.uncertainty[0] == 0


def test_a_network_that_is_entirely_sure_has_no_entropy() -> None:
    found = answers_of(np.array([[0.0, 2000.0], [0.0, 0.0]]))
    assert found.uncertainty.tolist() == [0, pytest.approx(1)]


def test_groups_by_hand() -> None:
    labels = np.array([0, 0, 0, 0, 0, -1])
    found = groups_of(choosing(0, 0, 1, 1, 1, 0), choosing(0, 1, 0, 1, 2, 0), labels)
    assert [GROUPS[place] for place in found[:5]] == ["both", "only_a", "only_b", "copied", "apart"]
    assert found[5] == -1


def test_two_networks_without_an_answer_have_copied_nothing() -> None:
    silent = choosing(NO_ANSWER)
    assert GROUPS[groups_of(silent, silent, np.array([0]))[0]] == "apart"
    assert agreement_by_class(silent, silent, np.array([0]), 1)[0].count == 0


def test_confusion_is_that_of_the_engine_in_torch() -> None:
    found = confusion(answers_of(LOGITS), LABELS, 4)
    assert found.tolist() == metrics.confusion(torch.from_numpy(LOGITS), torch.from_numpy(LABELS)).tolist()


def test_the_difference_of_confusions_by_hand() -> None:
    labels = np.array([0, 0, 1, -1])
    assert confusion(choosing(0, 1, 1, 1), labels, 2).tolist() == [[1, 1], [0, 1]]
    found = confusion_difference(choosing(0, 1, 1, 1), choosing(0, 0, NO_ANSWER, 1), labels, 2)
    assert found.tolist() == [[1, -1], [0, -1]]


def test_calibration_bins_are_those_of_the_engine_in_torch() -> None:
    found = calibration_bins(answers_of(LOGITS), LABELS)
    expected = metrics.calibration_bins(torch.from_numpy(LOGITS), torch.from_numpy(LABELS)).numpy()
    assert found == pytest.approx(expected)
    scored = metrics.scores_by_lane(torch.from_numpy(LOGITS)[None], torch.from_numpy(LABELS))[0]
    assert calibration_error(found) == pytest.approx(scored.ece)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below() -> None:
    found = calibration_bins(sure(0.2, 0.21, 1.0), np.array([0, 1, 0]), bins=5)
    assert found[:, 0].tolist() == [1, 1, 0, 0, 1]
    assert found[0].tolist() == [1, 0.2, 1] and found[1].tolist() == [1, 0.21, 0]
    # (|.2 - 1| + |.21 - 0| + |1 - 1|) / 3
    assert calibration_error(found) == pytest.approx(1.01 / 3)


def test_there_is_no_calibration_error_without_images() -> None:
    assert math.isnan(calibration_error(calibration_bins(sure(), np.array([], dtype=np.int64))))


def test_entropy_is_counted_by_who_is_right() -> None:
    groups = np.array([0, 0, 3, -1])
    found = entropy_bins(sure(0.1, 0.5, 0.6, 0.6), groups, bins=2)
    assert found.tolist() == [[2, 0, 0, 0, 0], [0, 0, 0, 1, 0]]


def test_accuracy_by_class_is_that_of_the_engine_in_torch() -> None:
    found = per_class_accuracy(answers_of(LOGITS), LABELS, 4)
    expected = metrics.per_class_accuracy(torch.from_numpy(LOGITS), torch.from_numpy(LABELS)).tolist()
    assert [share.share for share in found] == pytest.approx(expected)
    assert sum(share.of for share in found) == 500


def test_a_class_without_images_has_no_accuracy_and_any_interval() -> None:
    share = per_class_accuracy(choosing(0), np.array([0]), 2)[1]
    assert math.isnan(share.share) and (share.low, share.high) == (0, 1)


def test_agreement_by_class_by_hand() -> None:
    found = agreement_by_class(choosing(0, 1, 1), choosing(0, 1, 0), np.array([0, 0, 1]), 2)
    assert [(share.count, share.of) for share in found] == [(2, 2), (0, 1)]
    whole = metrics.agreement(torch.from_numpy(LOGITS), torch.from_numpy(OTHERS))
    shares = agreement_by_class(answers_of(LOGITS), answers_of(OTHERS), LABELS, 4)
    assert sum(share.count for share in shares) / 500 == pytest.approx(whole)


def test_all_that_was_counted_is_plain_json() -> None:
    labels = np.array([0, 0, 1, -1])
    found = comparison_json(choosing(0, 1, 1, 0), choosing(0, 1, 0, 0), labels, ["no", "yes", "never seen"])
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["images"] == 3
    assert found["groups"] == {"both": 1, "only_a": 1, "only_b": 0, "copied": 1, "apart": 0}
    assert found["confusion_b_minus_a"] == [[0, 0, 0], [1, -1, 0], [0, 0, 0]]
    assert found["accuracy_by_class"]["a"][2]["share"] is None
    # All are half sure; the first network is right on two of three, so |.5 - 2/3|.
    assert found["expected_calibration_error"]["a"] == pytest.approx(1 / 6)


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (1, 10), (7, 12), (59, 60), (60, 60)])
def test_wilsons_interval_is_that_of_scipy(successes: int, trials: int) -> None:
    expected = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert wilson_interval(successes, trials) == pytest.approx((expected.low, expected.high))


def test_wilsons_interval_by_hand() -> None:
    # Five of ten: centre .5, half width z sqrt(.025 + z² / 400) / (1 + z² / 10) = .26341
    low, high = wilson_interval(5, 10)
    assert (low, high) == (pytest.approx(0.23659, abs=1e-5), pytest.approx(0.76341, abs=1e-5))
    assert wilson_interval(0, 0) == (0, 1)


def test_the_plane_is_scikit_learns_up_to_signs() -> None:
    plane = plane_of(LOGITS)
    known = PCA(2).fit(LOGITS.astype(np.float64))
    assert plane.shares == pytest.approx(tuple(known.explained_variance_ratio_))
    assert np.abs(plane.project(LOGITS)) == pytest.approx(np.abs(known.transform(LOGITS.astype(np.float64))), abs=1e-6)


def test_points_on_a_line_have_no_second_direction() -> None:
    plane = plane_of(np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]]))
    assert plane.axes[0] == pytest.approx([0.6, 0.8]) and plane.axes[1].tolist() == [0, 0]
    assert plane.project(np.array([[3.0, 4.0], [6.0, 8.0]])) == pytest.approx(np.array([[0.0, 0.0], [5.0, 0.0]]))
    assert plane.shares == (pytest.approx(1), 0)


def test_what_is_not_finite_moves_no_plane_and_lies_at_its_origin() -> None:
    rows = np.array([[0.0, 1.0], [2.0, 0.0], [NAN, 1.0]])
    assert plane_of(rows).axes == pytest.approx(plane_of(rows[:2]).axes)
    assert plane_of(rows).project(rows)[2].tolist() == [0, 0]
    nothing = plane_of(np.full((2, 3), NAN))
    assert isinstance(nothing, Plane) and nothing.axes.tolist() == [[0] * 3] * 2


def test_points_without_variance_lie_on_one_place() -> None:
    same = np.ones((4, 3))
    assert plane_of(same).project(same).tolist() == [[0, 0]] * 4


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    home = tmp_path_factory.mktemp("inspected")
    return Store(home), train_tiny_race(home)


def test_the_sides_of_a_race_are_its_networks_with_their_kept_epochs(trained: tuple[Store, str]) -> None:
    store, study = trained
    sides = sides_of(store, study)
    assert [(side.arm, side.seed) for side in sides] == [
        (arm, seed) for arm in ("teacher", "alone", "distilled") for seed in (0, 1)
    ]
    assert [len(side.epochs) for side in sides] == [2, 2, 3, 3, 3, 3]
    teacher, student = sides[0], sides[4]
    assert teacher.nearest(2) == 1 and student.nearest(None) == student.run.reported_epoch
    found = logits_after(store, student, 0)
    assert found is not None and found.tolist() == store.files.logits(student.run.id, 0).tolist()  # type: ignore[union-attr]


def test_last_features_are_what_the_logits_are_computed_from(trained: tuple[Store, str]) -> None:
    """Of an MLP the logits are affine in the last features: least squares leaves nothing."""
    store, study = trained
    side = sides_of(store, study)[4]
    features, logits = last_features(store, side), logits_after(store, side, None)
    assert features is not None and logits is not None and len(features) == len(logits)
    widened = np.concatenate([features, np.ones((len(features), 1))], axis=1).astype(np.float64)
    fitted = widened @ np.linalg.lstsq(widened, logits.astype(np.float64), rcond=None)[0]
    assert fitted == pytest.approx(logits, abs=0.02)  # logits are kept as float16


def test_a_network_without_weights_has_no_last_features(trained: tuple[Store, str], tmp_path: Path) -> None:
    store, study = trained
    side = sides_of(store, study)[4]
    weights = next(store.home.rglob(f"*{side.run.id}*/weights.safetensors"))
    moved = weights.rename(tmp_path / "weights")
    try:
        assert last_features(store, side) is None
    finally:
        moved.rename(weights)
