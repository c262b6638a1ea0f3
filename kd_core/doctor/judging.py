"""Checks of the comparison itself: whether seeds and test images suffice for what it claims."""

from __future__ import annotations

from typing import Any, Final

from kd_core.doctor.case import Case
from kd_core.doctor.finding import SEEDS, Evidence, Finding
from kd_core.errors import Reason

FEW_IMAGES: Final = 300
"""With as many test images the interval of an accuracy of 90 % is 3.4 points wide on either side."""
HARDLY_ANY: Final = 100
"""With fewer test images a single one is more than a point, which no number of seeds makes finer."""
HARDLY_ANY_EXPLAINS: Final = 0.5
TOO_WIDE_PP: Final = 1.0
"""Test images that tell differences of one point are enough for any claim that is worth one."""
ONE_SEED: Final = 0.45
TRIED_SEEDS: Final = 5


def few_test_images(case: Case) -> Finding | None:
    """Look for a difference that another choice of as many test images could turn around, or a mere handful of them."""
    if case.verdict is None or case.test_set_ci95_pp is None or not case.test_images:
        return None
    low, high = case.test_set_ci95_pp
    half, difference = (high - low) / 2, case.verdict.difference_pp
    hardly_any = case.test_images < HARDLY_ANY
    if half < max(TOO_WIDE_PP, abs(difference)) and not hardly_any:
        return None
    words = (
        "{images} test images judge a difference of {difference} points: another choice of as many images would give "
        "between {low} and {high} points."
    )
    sentence = Reason(
        "doctor_few_images",
        words,
        images=f"{case.test_images:,}",
        difference=f"{difference:+.2f}",
        low=f"{low:+.2f}",
        high=f"{high:+.2f}",
    )
    evidence = Evidence("difference", "points", {"low": low, "difference": difference, "high": high})
    explains = half / max(1e-9, half + abs(difference)) * min(1.0, FEW_IMAGES / case.test_images)
    explains = max(explains, HARDLY_ANY_EXPLAINS) if hardly_any else explains
    return Finding("few_test_images", sentence, evidence, _more_images(case), explains)


def _more_images(case: Case) -> dict[str, Any]:
    """Return where as many networks are judged by more images, or by others; nothing where there are no others."""
    source = case.recipe["data"]["source"]
    if source["name"] == "digits":
        return {"data.source": "mnist"}
    return {"data.source.split_seed": source["split_seed"] + 1} if "split_seed" in source else {}


def one_seed(case: Case) -> Finding | None:
    """Look for a difference without a spread."""
    if case.verdict is None or case.verdict.seeds > 1:
        return None
    words = "One seed: the difference of {difference} points has no spread to be compared with."
    sentence = Reason("doctor_one_seed", words, difference=f"{case.verdict.difference_pp:+.2f}")
    evidence = Evidence("difference", "points", {"difference": case.verdict.difference_pp})
    return Finding("one_seed", sentence, evidence, {SEEDS: TRIED_SEEDS}, ONE_SEED)
