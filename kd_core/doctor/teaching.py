"""Checks of the teacher: whether it knows more than its student, says more than the labels, and is larger."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from kd_core.doctor.case import Case, Curve
from kd_core.doctor.finding import Evidence, Finding
from kd_core.doctor.learning import FEWEST_EPOCHS, SLOWED, UNLEARNED
from kd_core.doctor.networks import resized
from kd_core.doctor.rates import is_high, is_low, sound_rate
from kd_core.errors import Reason
from kd_core.results import Floats, entropy

BETTER_TEACHER: Final = 0.9
"""A teacher that makes more than nine tenths of the errors of the student alone has little to add."""
NO_BETTER: Final = 0.5
"""What a teacher explains that is exactly as good as the student alone; a worse one explains more."""
WORST_TEACHER: Final = 0.95
SAID_ENOUGH: Final = 0.05
"""Mean entropy as a share of ln K: below it a softened label is a hard label to two digits."""
SAYS_MORE: Final = 0.2
"""The temperature to try is the lowest of a few at which the mean entropy reaches this share of ln K."""
LADDER: Final = (2.0, 4.0, 8.0, 16.0, 32.0)
OVERCONFIDENT: Final = 0.8
AS_LARGE: Final = 0.8
"""A student with four fifths of its teacher's parameters or more is as large."""
LARGE_AND_NO_BETTER, LARGE_AND_BETTER = 0.9, 0.4
"""What size explains: little to gain where nothing was gained; where something was, only that nothing is saved."""
DROPOUT, SOUND_DROPOUT = 0.7, 0.3
SMALLER: Final = 0.25
TWICE: Final = 2.0


def teacher_weak(case: Case) -> Finding | None:
    """Look for a teacher that makes about as many errors as the student alone, or more."""
    teacher, alone = case.mean("teacher"), case.mean("alone")
    if not case.taught or case.better or math.isnan(teacher) or math.isnan(alone):
        return None
    if 1 - teacher < BETTER_TEACHER * (1 - alone):
        return None
    guess = 1 / max(2, case.classes)
    deficit = max(0.0, alone - teacher) / max(1e-9, alone - guess)
    words = "The teacher is no better than the student alone: {teacher} % against {alone} % on test."
    sentence = Reason("doctor_teacher_weak", words, teacher=f"{100 * teacher:.1f}", alone=f"{100 * alone:.1f}")
    evidence = Evidence("test_accuracy", "percent", {"teacher": 100 * teacher, "alone": 100 * alone})
    explains = min(WORST_TEACHER, NO_BETTER + (WORST_TEACHER - NO_BETTER) * deficit)
    return Finding("teacher_weak", sentence, evidence, better_teacher(case), explains)


def better_teacher(case: Case) -> dict[str, Any]:
    """Return what to change, by path, so that the teacher learns what it can; a wider one where nothing is amiss."""
    recipe: Mapping[str, Any] = case.recipe["teacher"]
    data, optim, network = recipe["data"], recipe["optim"], recipe["student"]
    changes: dict[str, Any] = {}
    if data.get("label_noise"):
        changes["teacher.data.label_noise"] = 0.0
    if data.get("labelled") is not None:
        changes["teacher.data.labelled"] = None
    if data.get("dropped_classes"):
        changes["teacher.data.dropped_classes"] = []
    if is_low(optim) or is_high(optim):
        changes |= sound_rate(optim, "teacher.optim")
    if _stopped_early(case, case.curve("teacher")) and optim["epochs"] < FEWEST_EPOCHS:
        changes["teacher.optim.epochs"] = FEWEST_EPOCHS
    if (network.get("dropout") or 0.0) >= DROPOUT:
        changes["teacher.student.dropout"] = SOUND_DROPOUT
    return changes or resized(network, TWICE, "teacher.student") or {"teacher.optim.epochs": 2 * optim["epochs"]}


def _stopped_early(case: Case, curve: Curve) -> bool:
    left = curve.final_loss / case.guess_nats
    return len(curve.loss) < 2 or (left > UNLEARNED and curve.pace >= SLOWED)


def teacher_overconfident(case: Case) -> Finding | None:
    """Look for soft labels that are hard labels at the temperature of training."""
    temperature, logits = case.recipe["method"].get("temperature"), case.teacher_logits
    if not case.taught or case.better or temperature is None or logits is None or not _speaks(case):
        return None
    nats = _mean_entropy(logits, temperature)
    share = nats / case.guess_nats
    if not share < SAID_ENOUGH:  # a teacher whose logits broke down says nothing at all
        return None
    words = (
        "At temperature {temperature} the teacher is nearly certain: its soft labels have an entropy of {nats} nats on "
        "the test images (of {most} possible), so that they say hardly more than hard labels."
    )
    sentence = Reason(
        "doctor_certain", words, temperature=f"{temperature:g}", nats=f"{nats:.3f}", most=f"{case.guess_nats:.2f}"
    )
    higher = [value for value in LADDER if value > temperature]
    tried = next((t for t in higher if _mean_entropy(logits, t) >= SAYS_MORE * case.guess_nats), max(higher, default=0))
    experiment = {"method.temperature": tried} if tried else {}
    numbers = {"teacher": nats, "guess": case.guess_nats}
    evidence = Evidence("teacher_entropy", "nats", numbers)
    explains = OVERCONFIDENT * (1 - share / (2 * SAID_ENOUGH))
    return Finding("teacher_overconfident", sentence, evidence, experiment, explains)


def _speaks(case: Case) -> bool:
    """Tell whether the teacher's probabilities have a weight in the loss."""
    return bool(case.recipe["method"].get("teacher_weight", 1.0))


def _mean_entropy(logits: Floats, temperature: float) -> float:
    return float(entropy(logits, temperature).mean())


def student_large(case: Case) -> Finding | None:
    """Look for a student that has about as many parameters as its teacher."""
    student, teacher = case.parameters.get("distilled", 0), case.parameters.get("teacher", 0)
    plain = case.recipe["protocol"]["name"] == "offline"  # others arrange networks of equal size on purpose
    if not case.taught or not plain or not teacher or student < AS_LARGE * teacher:
        return None
    words = "The student is as large as its teacher: {student} parameters against {teacher}. Little is left to close."
    sentence = Reason("doctor_student_large", words, student=f"{student:,}", teacher=f"{teacher:,}")
    evidence = Evidence("parameters", "parameters", {"teacher": float(teacher), "distilled": float(student)})
    smaller = resized(case.recipe["student"], SMALLER, "student")
    return Finding(
        "student_large", sentence, evidence, smaller, LARGE_AND_BETTER if case.better else LARGE_AND_NO_BETTER
    )
