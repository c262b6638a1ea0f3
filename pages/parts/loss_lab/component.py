"""The lab in the browser: a loss on one image's logits, whose arrows follow the hand without the server."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import streamlit as st

from kd_core.errors import KDError
from kd_core.logit_losses import LossForm
from pages.parts.charts import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE, ROLES, Role, script, style
from pages.parts.text import texts_of

Convention = Literal["teacher", "labels"]

WORDS: Final = (
    "divergence", "forward", "reverse", "jensen_shannon", "skew_forward", "skew_reverse", "logit_mse",
    "temperature", "weights", "weights_teacher", "weights_labels", "weights_both", "alpha_teacher", "alpha_labels",
    "teacher_weight", "label_weight", "beta", "alpha", "t2", "mean", "reset",
    "label", "step", "play", "pause", "again", "csv", "png", "svg", "table",
    "value", "factor", "weighted", "length", "share", "term_labels", "term_teacher", "term_total",
    "class", "logit", "logit_teacher", "logit_student", "probability", "p_teacher", "p_student",
    "push", "push_short", "gradient", "limit",
    "spoken",  # {loss} {name} {push}
    "some",  # {n} {K}, where only some classes have a row
    "warn_mean",  # {K}
    "warn_t2",  # {T2}
    "warn_alpha",  # {alpha} {rest}
    "warn_no_label",
)  # fmt: skip
"""Keys of the texts that the lab shows, looked up as ``lab.<key>`` in the catalogue."""
_STYLES: Final[Mapping[str, Role]] = {
    "teacher": "teacher",
    "student": "distilled",
    "labels": "alone",
    "total": "distilled",
    "limit": "variant",
}
"""In which role's look a part of the lab is drawn."""

_component = st.components.v2.component("kd_loss_lab", css=style("loss_lab/loss_lab"), js=script("loss_lab/component"))


@dataclass(frozen=True)
class LabChoice:
    """What the person has chosen: the form of the loss, and what alpha weighs."""

    form: LossForm
    convention: Convention


@dataclass(frozen=True)
class LabImage:
    """What a lab is about: one image, or a triple made by hand.

    Args:
        classes: K names.
        teacher: K logits.
        student: K logits.
        label: index of the labelled class, or None.
        picture: PNG data URL, or None.
        picture_alt: its text alternative, and the title of the picture that is saved.
    """

    classes: Sequence[str]
    teacher: Sequence[float]
    student: Sequence[float]
    label: int | None
    picture: str | None = None
    picture_alt: str = ""


def loss_lab(
    key: str,
    image: LabImage,
    choice: LabChoice,
    reset_form: LossForm,
    *,
    draggable: bool = False,
    words: Mapping[str, str] | None = None,
    on_change: Callable[[], None] | None = None,
) -> None:
    """Draw a lab.

    Args:
        key: Streamlit key; downloads are called after it.
        image: what it is about.
        choice: at first; a later change of it moves the controls, except under the hand.
        reset_form: what the reset button goes back to.
        draggable: whether the logits can be moved.
        words: that stand in place of the catalogue's.
        on_change: called before the rerun that a release brings; None: Python hears of nothing.

    Raises:
        ValueError: logits and classes do not fit together, or a logit is not a finite number.
    """
    data = {
        **lab_data(key, image, choice, reset_form),
        "words": {**texts_of("lab", WORDS), **(words or {})},
        "draggable": draggable,
        "report": on_change is not None,
    }
    if on_change is None:
        _component(key=key, data=data)
    else:
        _component(key=key, data=data, default={"choice": None}, on_choice_change=on_change)


def lab_data(key: str, image: LabImage, choice: LabChoice, reset_form: LossForm) -> dict[str, Any]:
    """Return what the browser needs to draw, checked; logits rounded to six digits."""
    for logits in (image.teacher, image.student):
        if len(logits) != len(image.classes) or not all(math.isfinite(value) for value in logits):
            raise ValueError(f"{len(image.classes)} classes need as many finite logits: {logits}.")
    form = choice.form
    return {
        "id": key,
        "classes": [str(name) for name in image.classes],
        "teacher": [float(f"{value:.6g}") for value in image.teacher],
        "student": [float(f"{value:.6g}") for value in image.student],
        "label": image.label,
        "picture": image.picture,
        "picture_alt": image.picture_alt,
        "form": form.to_json(),
        "reset_form": reset_form.to_json(),
        "convention": choice.convention,
        # A run may have been trained with more than the sliders usually span.
        "ranges": {
            "temperature": [
                min(LOWEST_TEMPERATURE, form.temperature, reset_form.temperature),
                max(HIGHEST_TEMPERATURE, form.temperature, reset_form.temperature),
            ],
            "label_weight": max(2.0, form.weight_of_labels, reset_form.weight_of_labels),
        },
        "styles": {part: ROLES[role].as_data() for part, role in _STYLES.items()},
    }


def read_choice(raw: Any, fallback: LabChoice) -> LabChoice:
    """Return what the browser sent, or the fallback in place of anything that the component cannot have sent."""
    sent = raw.get("choice") if isinstance(raw, Mapping) else None
    if not isinstance(sent, Mapping) or not isinstance(sent.get("form"), Mapping):
        return fallback
    try:
        form = LossForm.from_json(sent["form"])
    except KDError:
        return fallback
    return LabChoice(form, "labels" if sent.get("convention") == "labels" else "teacher")
