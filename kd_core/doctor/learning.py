"""Checks of how the student learned, from its loss on the training images: no accuracy on those is kept.

A loss is told as a share of ln K, that of a guess: 0 where every label was learned, 1 where none was. How high it ends
is what these causes explain; its shape decides between them.
"""

from __future__ import annotations

from typing import Final

from kd_core.doctor.case import Case, Curve
from kd_core.doctor.finding import Evidence, Finding
from kd_core.doctor.networks import resized
from kd_core.doctor.rates import is_low, sound_rate, usual_rate
from kd_core.errors import Reason

UNLEARNED: Final = 0.2
"""A loss above this share of a guess's is high: e to the minus that is 63 % for the right one of ten classes."""
SLOWED: Final = 0.5
"""A loss that falls less than half as fast at the end as on average has nearly come to rest."""
ROUGH: Final = 0.008
"""A loss that rises by this share of its first value in a mean epoch is thrown about; calm ones stay below .005."""
NO_BETTER_THAN_A_GUESS: Final = 0.97
OVERSHOT: Final = 1.1
"""A loss that was this many times a guess's was driven there: random first weights begin at about 1."""
CLOSING: Final = 0.01
"""A gap that shrinks by one point in a quarter of the training would shrink by four if it went on as long again."""
STILL_RISING: Final = 0.03
"""More than chance moves the mean of a quarter's epochs, on as few as a hundred validation images."""
CROSSING: Final = 0.6
"""What a gap explains that would close in as many epochs again: the sign, if it goes on so."""
MORE_EPOCHS, FEWEST_EPOCHS, MOST_EPOCHS = 4, 20, 2000
LARGER: Final = 4.0


def unlearned(case: Case, curve: Curve) -> float:
    """Return which share of a guess's loss is left at the end, beyond what label noise leaves at least."""
    noise = float(case.recipe["data"].get("label_noise") or 0.0)
    left = curve.final_loss / case.guess_nats - noise
    return min(1.0, max(0.0, left)) if left == left else 0.0


def learning_rate_high(case: Case) -> Finding | None:
    """Look for a loss that is thrown about, or was driven above a guess's and stays there."""
    optim, alone = case.recipe["optim"], case.curve("alone")
    if case.diverged & {"alone", "distilled"}:
        words = "A student's loss went to infinity at a learning rate of {lr}."
        sentence = Reason("doctor_diverged", words, lr=f"{optim['lr']:g}")
        evidence = Evidence("rate", "times", {"rate": float(optim["lr"]), "usual": usual_rate(optim)})
        return Finding("learning_rate_high", sentence, evidence, sound_rate(optim), 1.0)
    if optim["lr"] < usual_rate(optim):
        return None
    driven = alone.final_loss >= NO_BETTER_THAN_A_GUESS * case.guess_nats
    driven = driven and alone.highest_loss >= OVERSHOT * case.guess_nats
    arms = ("alone", "distilled") if case.same_images else ("alone",)  # images that are made up change all the time
    arm = next((arm for arm in arms if case.curve(arm).roughness > ROUGH), "alone" if driven else "")
    if not arm:
        return None
    distilled = case.curve("distilled")
    of_distilled = distilled.final_loss / max(distilled.loss[0], 1e-12) if distilled.loss and case.same_images else 0.0
    left = max(unlearned(case, alone), of_distilled)
    words = "The loss on the training images jumps instead of falling, at a learning rate of {lr} ({usual} is usual)."
    sentence = Reason("doctor_lr_high", words, lr=f"{optim['lr']:g}", usual=f"{usual_rate(optim):g}")
    evidence = Evidence("training_loss", "nats", series={arm: case.curve(arm).loss})
    return Finding("learning_rate_high", sentence, evidence, sound_rate(optim), min(1.0, max(left, UNLEARNED)))


def learning_rate_low(case: Case) -> Finding | None:
    """Look for a rate far below the usual one that leaves the labels unlearned."""
    optim, left = case.recipe["optim"], unlearned(case, case.curve("alone"))
    if left < UNLEARNED or not is_low(optim):
        return None
    words = (
        "The student alone has hardly learned its own training images ({left} % of a guess's loss is left) at a "
        "learning rate of {lr}; {usual} is usual."
    )
    sentence = Reason(
        "doctor_lr_low", words, left=f"{100 * left:.0f}", lr=f"{optim['lr']:g}", usual=f"{usual_rate(optim):g}"
    )
    return Finding("learning_rate_low", sentence, _loss_of_alone(case), sound_rate(optim), left)


def budget(case: Case) -> Finding | None:
    """Look for training that ended while there was more to learn, or while the distilled student was catching up."""
    alone, distilled = case.curve("alone"), case.curve("distilled")
    if is_low(case.recipe["optim"]) or learning_rate_high(case):
        return None
    epochs = int(case.recipe["optim"]["epochs"])
    experiment = {"optim.epochs": min(MOST_EPOCHS, max(MORE_EPOCHS * epochs, FEWEST_EPOCHS))}
    left = unlearned(case, alone)
    if left >= UNLEARNED and (alone.pace >= SLOWED or len(alone.loss) < 2):
        words = (
            "Training ended after {epochs} epochs with the loss of the student alone still falling as fast as before: "
            "{left} % of a guess's loss is left."
        )
        sentence = Reason("doctor_budget", words, epochs=epochs, left=f"{100 * left:.0f}")
        return Finding("budget", sentence, _loss_of_alone(case), experiment, left)
    if case.better or not alone.validation or not distilled.validation:
        return None
    gap, closing = distilled.validation[-1] - alone.validation[-1], distilled.rise - alone.rise
    both = Evidence("validation_accuracy", "percent", series=_in_percent(case))
    rise, of_alone = f"{100 * distilled.rise:.1f}", f"{100 * alone.rise:.1f}"
    if gap < 0 and closing >= CLOSING and gap + 4 * closing >= 0:
        words = (
            "The curves are about to cross: in the last quarter the distilled student gained {rise} points on "
            "validation and the student alone {alone}."
        )
        return Finding(
            "budget", Reason("doctor_crossing", words, rise=rise, alone=of_alone), both, experiment, CROSSING
        )
    if distilled.rise >= STILL_RISING and closing >= CLOSING:
        words = (
            "The distilled student still rises: in the last quarter it gained {rise} points on validation, and the "
            "student alone {alone}."
        )
        return Finding(
            "budget", Reason("doctor_still_rising", words, rise=rise, alone=of_alone), both, experiment, CROSSING / 2
        )
    return None


def student_small(case: Case) -> Finding | None:
    """Look for a loss on the training images that has come to rest far above 0."""
    alone, left = case.curve("alone"), unlearned(case, case.curve("alone"))
    if left < UNLEARNED or not alone.pace < SLOWED or is_low(case.recipe["optim"]) or learning_rate_high(case):
        return None
    words = (
        "The student cannot even learn its own training images: with labels only its loss came to rest with {left} % "
        "of a guess's left. It has {parameters} parameters."
    )
    sentence = Reason(
        "doctor_student_small", words, left=f"{100 * left:.0f}", parameters=f"{case.parameters.get('alone', 0):,}"
    )
    larger = resized(case.recipe["student"], LARGER, "student")
    if not larger and case.taught:  # a network of one size: its teacher's is surely large enough
        larger = {"student": case.recipe["teacher"]["student"]}
    return Finding("student_small", sentence, _loss_of_alone(case), larger, left)


def _loss_of_alone(case: Case) -> Evidence:
    loss = case.curve("alone").loss
    return Evidence("training_loss", "nats", series={"alone": loss, "guess": (case.guess_nats,) * len(loss)})


def _in_percent(case: Case) -> dict[str, tuple[float, ...]]:
    return {arm: tuple(100 * value for value in case.curve(arm).validation) for arm in ("alone", "distilled")}
