"""Checks of the loss: its temperature, its weights, and whether each of its terms pulls at all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from kd_core.doctor.case import Case
from kd_core.doctor.finding import Evidence, Finding
from kd_core.errors import Reason
from kd_core.results import entropy

WITHOUT_T2: Final = 1.5
"""From this temperature on a missing T² costs more than half of the teacher's gradient."""
IDLE: Final = 0.005
"""A term with less than half a per cent of the gradient does not steer."""
BESIDE: Final = 0.02
"""A technique's own term with less than 2 % of the gradient, or more than 98 %, has hardly a weight that was chosen."""
UNTUNED: Final = 0.6
IDLE_EXPLAINS: Final = 0.7
NO_LABELS: Final = 0.01
"""With less weight than this the labels, or the teacher, count for nothing."""
BAD_TEACHER, HURT, NO_GAIN = 1.0, 0.5, 0.3
"""What a full weight explains: all where the teacher is worse than the student alone; else less."""
NOBODY_LISTENS: Final = 0.95
TRIED_WEIGHT: Final = 0.5
USUAL_TEMPERATURE: Final = 4.0
"""Of most published comparisons; on the digits too the gain is largest around it."""
LOWEST_TEMPERATURE: Final = 1.0
FLAT: Final = 0.985
"""A softened entropy above this share of ln K: the classes differ in the third digit only."""
FLAT_BEFORE: Final = 0.9
"""A teacher that is as flat at T = 1 is so by itself."""
AT_ITS_LIMIT: Final = 0.4
PLAIN: Final = frozenset({"labels", "teacher"})
"""The terms of plain distillation; all others are a technique's own."""
LARGEST_WEIGHT: Final = 1e6


def t2_off(case: Case) -> Finding | None:
    """Look for softened probabilities whose gradient was not multiplied by T²."""
    method = case.recipe["method"]
    temperature = method.get("temperature") or 0.0
    if not case.taught or method.get("scale_by_t2") is not False or temperature < WITHOUT_T2:
        return None
    if not method.get("teacher_weight"):
        return None
    times = temperature**2
    words = (
        "T² is off at temperature {temperature}: the teacher's gradient is {times} times weaker than its weight says. "
        "Its share of the gradient was {share} % on average."
    )
    share = case.shares.get("teacher", math.nan)
    sentence = Reason(
        "doctor_t2_off", words, temperature=f"{temperature:g}", times=f"{times:.3g}", share=f"{100 * share:.0f}"
    )
    evidence = Evidence("gradient_share", "percent", _in_percent(case.shares))
    return Finding("t2_off", sentence, evidence, {"method.scale_by_t2": True}, 1 - 1 / times)


def idle_term(case: Case) -> Finding | None:
    """Look for a term that has a weight and no gradient."""
    idle = [name for name, share in case.shares.items() if share < IDLE and name not in case.silent]
    if len(case.shares) < 2 or not idle or t2_off(case):
        return None
    name = min(idle, key=lambda term: case.shares[term])
    words = "The term '{term}' has a weight but only {share} % of the gradient: it does not steer the student."
    sentence = Reason("doctor_idle_term", words, term=name, share=f"{100 * case.shares[name]:.2g}")
    evidence = Evidence("gradient_share", "percent", _in_percent(case.shares))
    return Finding("idle_term", sentence, evidence, _balanced(case, name), IDLE_EXPLAINS)


def untuned(case: Case) -> Finding | None:
    """Look for a technique whose own terms have next to none of the gradient, or next to all of it."""
    own = {name: share for name, share in case.shares.items() if name not in PLAIN}
    if case.better or not own or len(case.shares) < 2 or idle_term(case):
        return None
    share = sum(own.values())
    if BESIDE <= share <= 1 - BESIDE:
        return None
    words = (
        "The technique's own terms ({terms}) have {share} % of the gradient: with another weight it may be another "
        "technique. Published weights fit the networks they were tuned for."
    )
    sentence = Reason("doctor_untuned", words, terms=", ".join(own), share=f"{100 * share:.1f}")
    evidence = Evidence("gradient_share", "percent", _in_percent(case.shares))
    name = max(own, key=lambda term: own[term])
    return Finding("untuned", sentence, evidence, _balanced(case, name), UNTUNED * max(share, 1 - share))


def _balanced(case: Case, term: str) -> dict[str, Any]:
    """Return the weight, by path, at which a term has about half of the gradient; none where it has no weight."""
    method, share = case.recipe["method"], max(case.shares[term], 1e-6)
    if term == "teacher" and method.get("mean_over_classes"):
        return {"method.mean_over_classes": False}
    names = (f"{term}_weight", "weight", *(name for name in method if name.endswith("_weight")))
    name = next((name for name in names if name in method), None) if term != "labels" else "label_weight"
    if name is None or (name == "teacher_weight" and term != "teacher"):
        return {}
    now = method.get(name)
    if name == "label_weight" and now is None:
        now = 1 - method.get("teacher_weight", 0.0)
    limit = {"teacher_weight": 1.0, "label_weight": 10.0}.get(name, LARGEST_WEIGHT)
    wanted = min(limit, float(f"{now * (1 - share) / share:.1g}"))
    return {f"method.{name}": wanted} if wanted != now else {}


def extreme_weight(case: Case) -> Finding | None:
    """Look for a student that listens to nobody but its teacher, or not to its teacher at all."""
    method = case.recipe["method"]
    weight = method.get("teacher_weight")
    if not case.taught or weight is None or "teacher_weight" in case.recipe.get("schedules", {}):
        return None
    labels = method.get("label_weight")
    labels = 1 - weight if labels is None else labels
    plain = bool(case.terms) and case.terms <= PLAIN
    numbers = Evidence("weights", "share", {"teacher": float(weight), "labels": float(labels)})
    experiment = {"method.teacher_weight": TRIED_WEIGHT, "method.label_weight": None}
    if weight < NO_LABELS and plain and _absent(case, "teacher"):
        words = "The teacher's weight is {weight}: the student learns from the labels alone."
        sentence = Reason("doctor_weight_zero", words, weight=f"{weight:g}")
        return Finding("extreme_weight", sentence, numbers, experiment, NOBODY_LISTENS)
    if labels >= NO_LABELS or case.better or not plain or not case.same_images or not _absent(case, "labels"):
        return None
    teacher, alone = case.mean("teacher"), case.mean("alone")
    explains = NO_GAIN if case.verdict is None or case.verdict.outcome != "worse" else HURT
    words = (
        "The labels have no weight: the student believes whatever its teacher says, and that is right on {teacher} % "
        "of the test images. The student alone reaches {alone} %."
    )
    sentence = Reason("doctor_weight_one", words, teacher=f"{100 * teacher:.1f}", alone=f"{100 * alone:.1f}")
    explains = BAD_TEACHER if teacher < alone else explains
    return Finding("extreme_weight", sentence, numbers, experiment, explains)


def _absent(case: Case, term: str) -> bool:
    """Tell whether a term is not there: some methods weigh what they have by settings of their own."""
    return term not in case.terms or term in case.silent


def extreme_temperature(case: Case) -> Finding | None:
    """Look for a temperature that sharpens what the teacher says, or flattens it until the classes are alike."""
    temperature, logits = case.recipe["method"].get("temperature"), case.teacher_logits
    scheduled = "temperature" in case.recipe.get("schedules", {})
    weight = case.recipe["method"].get("teacher_weight", 1.0)
    if not case.taught or case.better or temperature is None or logits is None or scheduled or not weight:
        return None
    softened, plain = (float(entropy(logits, t).mean()) / case.guess_nats for t in (temperature, 1.0))
    if temperature < LOWEST_TEMPERATURE:
        words = "Temperature {temperature} sharpens the teacher's answers instead of softening them."
        sentence = Reason("doctor_temperature_low", words, temperature=f"{temperature:g}")
    elif softened > FLAT and plain < FLAT_BEFORE:
        words = (
            "At temperature {temperature} the teacher's answers are nearly flat: {share} % of the greatest possible "
            "entropy, so that its logits are matched rather than its probabilities."
        )
        sentence = Reason(
            "doctor_temperature_high", words, temperature=f"{temperature:g}", share=f"{100 * softened:.1f}"
        )
    else:
        return None
    numbers = {"teacher": softened * case.guess_nats, "guess": case.guess_nats}
    evidence = Evidence("teacher_entropy", "nats", numbers)
    return Finding("extreme_temperature", sentence, evidence, {"method.temperature": USUAL_TEMPERATURE}, AT_ITS_LIMIT)


def _in_percent(shares: Mapping[str, float]) -> dict[str, float]:
    return {name: 100 * share for name, share in shares.items()}
