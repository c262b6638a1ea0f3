"""What the lab's numbers say, in sentences that are computed from them."""

from __future__ import annotations

import numpy as np

from kd_core.logit_losses import LossForm, LossTerm, TemperaturePulls, loss_gradient
from pages.parts.app import engine_is_warm
from pages.parts.loss_lab.run_form import RunForm
from pages.parts.text import escape_markdown, member_text, ratio_text, t, temperature_text

NOTHING = 1e-6
EQUAL = 1.05
"""Pulls whose ratio is below this are called about equal."""


def image_finding(terms: dict[str, LossTerm], classes: tuple[str, ...]) -> str:
    """Return the title of one image's arrows: which logits move most, and which term pulls harder.

    Args:
        terms: of one image.
        classes: K names.
    """
    push = -loss_gradient(terms)[0]
    if np.abs(push).max() < NOTHING:
        return t("loss_lab.finding_nothing")
    names = {
        "up": escape_markdown(classes[int(push.argmax())]),
        "down": escape_markdown(classes[int(push.argmin())]),
    }
    labels, teacher = (float(terms[name].length[0]) for name in ("labels", "teacher"))
    low, high = sorted((labels, teacher))
    if low < NOTHING:
        return t("loss_lab.finding_only_teacher" if labels < NOTHING else "loss_lab.finding_only_labels", **names)
    if high < EQUAL * low:
        return t("loss_lab.finding_equal", **names)
    stronger = "teacher" if teacher > labels else "labels"
    return t(f"loss_lab.finding_{stronger}", ratio=ratio_text(high / low), **names)


def batch_finding(form: LossForm, pulls: TemperaturePulls) -> str:
    """Return the title of the pulls over temperature: what T² changes between T = 4 and 100."""
    if form.teacher_weight == 0:
        return t("loss_lab.batch_no_weight")
    if form.divergence == "logit_mse":
        return t("loss_lab.batch_mse")
    places = [int(np.argmin(np.abs(pulls.temperatures - temperature))) for temperature in (4, 100)]
    if pulls.with_t2[places[1]] < NOTHING:
        return t("loss_lab.batch_agree")
    kept = pulls.with_t2[places[1]] / pulls.with_t2[places[0]]
    lost = pulls.without_t2[places[0]] / pulls.without_t2[places[1]]
    return t("loss_lab.batch_finding", kept=f"{kept:.2f}", lost=ratio_text(lost))


def limit_finding(form: LossForm, pulls: TemperaturePulls) -> str:
    """Return the title of the distances: how far the teacher's gradient still is from its high-temperature limit."""
    if form.divergence == "logit_mse":
        return t("loss_lab.limit_mse")
    place = int(np.argmin(np.abs(np.log(pulls.temperatures / form.temperature))))
    share = f"{100 * pulls.distance[place]:.0f}"
    return t("loss_lab.limit_finding", T=temperature_text(float(pulls.temperatures[place])), share=share)


def caveats(run: RunForm) -> list[str]:
    """Return what of a run the lab does not show as it was trained, a sentence each."""
    sentences = []
    if run.method:
        sentences.append(t("loss_lab.other_method", method=_title("methods", run.method)))
    if run.scheduled:
        settings = t("loss_lab.between").join(t(f"lab.{name}") for name in run.scheduled)
        sentences.append(t("loss_lab.scheduled", settings=settings))
    if run.protocol:
        sentences.append(t("loss_lab.other_protocol", protocol=_title("protocols", run.protocol)))
    return sentences


def _title(section: str, name: str) -> str:
    """Return a member's title; its name while the engine, which knows titles, is not there."""
    return member_text.title_of(section, name) if engine_is_warm() else name.replace("_", " ")
