"""Two networks beside each other: confusion, groups of images, calibration and agreement, by class and over all.

Images without a label (below 0) are counted nowhere; an answer that is none is a wrong one of no class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kd_core.results import Floats, wilson_interval
from kd_core.results.inspection.answers import NO_ANSWER, Answers

Integers = NDArray[np.integer]

GROUPS: Final = ("both", "only_a", "only_b", "copied", "apart")
"""Both right, only the first, only the second, both wrong in the same way, both wrong in different ways."""
UNLABELLED: Final = -1
BINS: Final = 15


@dataclass(frozen=True)
class Share:
    """How many of a class's images, with the 95 % interval of that share (Wilson 1927).

    Args:
        count: how many.
        of: how many images the class has.
        share: ``count / of``, 0..1; NaN for a class without images.
        low: lower end of the interval, 0..1.
        high: upper end.
    """

    count: int
    of: int
    share: float
    low: float
    high: float


def confusion(answers: Answers, labels: Integers, classes: int) -> NDArray[np.int64]:
    """Return (K, K) counts: row = the label, column = the answer; images without one of them are left out.

    ``kd_core.functional.metrics.confusion`` is the same in torch; a test holds both together.
    """
    known = (labels >= 0) & (answers.chosen != NO_ANSWER)
    pairs = labels[known] * classes + answers.chosen[known]
    counts = np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
    return np.asarray(counts, dtype=np.int64)


def confusion_difference(a: Answers, b: Answers, labels: Integers, classes: int) -> NDArray[np.int64]:
    """Return (K, K): how many more images the second network puts into each cell than the first."""
    return confusion(b, labels, classes) - confusion(a, labels, classes)


def groups_of(a: Answers, b: Answers, labels: Integers) -> NDArray[np.int64]:
    """Return (N,) the place in ``GROUPS`` of every image; ``UNLABELLED`` without a label.

    Two answers that are none are not the same wrong one: nothing was copied.
    """
    right_a, right_b = a.chosen == labels, b.chosen == labels
    same = (a.chosen == b.chosen) & (a.chosen != NO_ANSWER)
    groups = np.select([right_a & right_b, right_a, right_b, same], [0, 1, 2, 3], default=4)
    return np.where(labels >= 0, groups, UNLABELLED)


def calibration_bins(answers: Answers, labels: Integers, bins: int = BINS) -> Floats:
    """Return (bins, 3): number of images, mean confidence and accuracy in equal-width bins of confidence.

    Bin b holds confidences in (b / bins, (b + 1) / bins]; an empty bin is all zeros. Source: Guo et al. 2017.
    ``kd_core.functional.metrics.calibration_bins`` is the same in torch; a test holds both together.
    """
    known = (labels >= 0) & (answers.chosen != NO_ANSWER)
    confidence = answers.confidence[known]
    index = _bin(confidence, bins)
    count = np.bincount(index, minlength=bins).astype(np.float64)
    right = (answers.chosen == labels)[known].astype(np.float64)
    sums = [np.bincount(index, weights=values, minlength=bins) for values in (confidence, right)]
    return np.stack([count, *(values / np.maximum(count, 1) for values in sums)], axis=1)


def calibration_error(bins: Floats) -> float:
    """Return the expected calibration error 0..1 of what ``calibration_bins`` gave; NaN without images."""
    total = bins[:, 0].sum()
    return float((bins[:, 0] * np.abs(bins[:, 1] - bins[:, 2])).sum() / total) if total else float("nan")


def entropy_bins(asked: Answers, groups: Integers, bins: int = BINS) -> NDArray[np.int64]:
    """Return (bins, groups): how many images of each group lie in equal-width bins of one network's entropy.

    Args:
        asked: whose entropy, as a share of ln K.
        groups: (N,), from ``groups_of``.
        bins: how many; bin b holds (b / bins, (b + 1) / bins].
    """
    known = (groups >= 0) & (asked.chosen != NO_ANSWER)
    pairs = _bin(asked.uncertainty[known], bins) * len(GROUPS) + groups[known]
    counts = np.bincount(pairs, minlength=bins * len(GROUPS)).reshape(bins, len(GROUPS))
    return np.asarray(counts, dtype=np.int64)


def per_class_accuracy(answers: Answers, labels: Integers, classes: int) -> list[Share]:
    """Return by class how many of its images a network gets right."""
    return _shares(answers.chosen == labels, labels, classes)


def agreement_by_class(a: Answers, b: Answers, labels: Integers, classes: int) -> list[Share]:
    """Return by class on how many of its images two networks give the same answer, right or wrong."""
    return _shares((a.chosen == b.chosen) & (a.chosen != NO_ANSWER), labels, classes)


def comparison_json(a: Answers, b: Answers, labels: Integers, classes: Sequence[str]) -> dict[str, Any]:
    """Return all that can be counted of two networks' answers, for a file.

    Args:
        a: of the first network.
        b: of the second.
        labels: (N,).
        classes: K names.
    """
    groups, count = groups_of(a, b, labels), len(classes)
    calibration = {"a": calibration_bins(a, labels), "b": calibration_bins(b, labels)}
    return {
        "classes": list(classes),
        "images": int((labels >= 0).sum()),
        "groups": {name: int((groups == place).sum()) for place, name in enumerate(GROUPS)},
        "confusion": {"a": confusion(a, labels, count).tolist(), "b": confusion(b, labels, count).tolist()},
        "confusion_b_minus_a": confusion_difference(a, b, labels, count).tolist(),
        "calibration_bins": {side: bins.tolist() for side, bins in calibration.items()},
        "expected_calibration_error": {side: _finite(calibration_error(bins)) for side, bins in calibration.items()},
        "accuracy_by_class": {
            side: [_share_json(share) for share in per_class_accuracy(answers, labels, count)]
            for side, answers in (("a", a), ("b", b))
        },
        "agreement_by_class": [_share_json(share) for share in agreement_by_class(a, b, labels, count)],
        "entropy_of_a_by_group": entropy_bins(a, groups).tolist(),
    }


def _share_json(share: Share) -> dict[str, Any]:
    return asdict(share) | {"share": _finite(share.share)}


def _finite(value: float) -> float | None:
    """JSON has no NaN."""
    return value if np.isfinite(value) else None


def _shares(hits: NDArray[np.bool_], labels: Integers, classes: int) -> list[Share]:
    known = labels >= 0
    totals = np.bincount(labels[known], minlength=classes)
    counts = np.bincount(labels[known & hits], minlength=classes)
    return [_share(int(count), int(total)) for count, total in zip(counts, totals, strict=True)]


def _share(count: int, of: int) -> Share:
    low, high = wilson_interval(count, of)
    return Share(count, of, count / of if of else float("nan"), low, high)


def _bin(values: Floats, bins: int) -> NDArray[np.int64]:
    index = np.ceil(values * bins).astype(np.int64) - 1
    return np.clip(index, 0, bins - 1)
