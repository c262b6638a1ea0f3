"""What is to be seen in soft labels, said in sentences that are computed from the numbers."""

from __future__ import annotations

import math

import numpy as np

from kd_core.results import Floats, StoredLogits, entropy, kl_divergence, soften
from pages.parts.samples import class_name, epoch_words, leading, provenance
from pages.parts.soft_labels.matrix import strongest_pair
from pages.parts.text import escape_markdown, t, temperature_text

AS_GOOD_AS_NOTHING = 0.0005
FOLLOWED = ("teacher", "model_a")
"""Networks from which the distance of the others is told."""
CLOSE = 1.1
"""Divergences whose ratio is below this are called about equal."""


def sample_finding(stored: StoredLogits, sample: int, temperature: float) -> str:
    """Return the title of the bars: what the teacher says about this image beyond its label."""
    arm = leading(stored.logits)
    if math.isinf(temperature):
        return t("soft_labels.finding_infinite", count=len(stored.classes))
    logits, label = stored.logits[arm][sample], int(stored.labels[sample])
    p = soften(logits, temperature)
    first, second = (int(k) for k in np.argsort(-p, kind="stable")[:2])
    facts = {
        "T": temperature_text(temperature),
        "arm": t(f"soft_labels.arm_{arm}"),
        "label": escape_markdown(class_name(stored, label)),
    }
    if label >= 0 and first != label:
        return t(
            "soft_labels.finding_wrong",
            other=escape_markdown(stored.classes[first]),
            p=probability(p[first]),
            **facts,
        )
    if label < 0:
        names = {"first": escape_markdown(stored.classes[first]), "other": escape_markdown(stored.classes[second])}
        return t("soft_labels.finding_unlabelled", p=probability(p[first]), q=probability(p[second]), **names, **facts)
    if p[second] < AS_GOOD_AS_NOTHING:
        return t("soft_labels.finding_certain", **facts)
    return t(
        "soft_labels.finding_second", other=escape_markdown(stored.classes[second]), p=probability(p[second]), **facts
    )


def sample_explanation(stored: StoredLogits, sample: int, temperature: float) -> str:
    """Return one or two sentences on entropy and, where there are students, on who is closer to the teacher."""
    arm = leading(stored.logits)
    nats = float(entropy(stored.logits[arm][sample], temperature))
    most = math.log(len(stored.classes))
    sentences = [t("soft_labels.entropy", arm=t(f"soft_labels.arm_{arm}"), nats=f"{nats:.2f}", most=f"{most:.2f}")]
    if arm in FOLLOWED and not math.isinf(temperature):
        sentences += _closer(stored, sample, temperature)
    return t("soft_labels.joint").join(sentences)


def matrix_finding(matrix: Floats, stored: StoredLogits, arm: str, temperature: float) -> str:
    """Return the title of the matrix: which class is most taken for which other."""
    pair = strongest_pair(matrix)
    if pair is None:
        return t("soft_labels.matrix_even")
    label, other, p = pair
    names = {"label": escape_markdown(stored.classes[label]), "other": escape_markdown(stored.classes[other])}
    facts = {"T": temperature_text(temperature), "arm": t(f"soft_labels.arm_{arm}"), "p": probability(p)}
    return t("soft_labels.matrix_finding", **names, **facts)


def matrix_setting(stored: StoredLogits, arm: str, temperature: float, epoch: int | None, zoomed: bool) -> str:
    """Return the subtitle of the matrix: arm, temperature, split, epoch, who made it, and what is missing in it."""
    counts = np.bincount(stored.labels[stored.labels >= 0], minlength=len(stored.classes))
    facts = {
        "arm": t(f"roles.{arm}"),
        "T": temperature_text(temperature),
        "count": int(counts.sum()),
        "provenance": provenance(stored),
    }
    if stored.provenance == "own":
        sentences = [t("own_logits.matrix_setting", **facts)]
    else:
        sentences = [t("soft_labels.matrix_setting", epoch=epoch_words(epoch), **facts)]
    empty = [escape_markdown(stored.classes[k]) for k in np.flatnonzero(counts == 0)]
    if empty:
        sentences.append(t("soft_labels.matrix_empty", classes=", ".join(empty)))
    if zoomed:
        sentences.append(t("soft_labels.matrix_zoomed"))
    return t("soft_labels.joint").join(sentences)


def probability(p: float) -> str:
    """Return a probability with two digits, or three where it is small."""
    return f"{p:.2f}" if p >= 0.01 else f"{p:.1g}"


def _closer(stored: StoredLogits, sample: int, temperature: float) -> list[str]:
    teacher = stored.logits[leading(stored.logits)][sample]
    nats: dict[str, float] = {
        arm: float(kl_divergence(teacher, stored.logits[arm][sample], temperature))
        for arm in ("distilled", "alone", "model_b")
        if arm in stored.logits
    }
    if len(nats) < 2:
        return [t("soft_labels.closer_one", arm=t(f"soft_labels.arm_{arm}"), nats=_nats(d)) for arm, d in nats.items()]
    low, high = sorted(nats.values())
    outcome = "equal" if high <= CLOSE * low else min(nats, key=lambda arm: nats[arm])
    return [t(f"soft_labels.closer_{outcome}", distilled=_nats(nats["distilled"]), alone=_nats(nats["alone"]))]


def _nats(value: float) -> str:
    return f"{value:.2f}" if value >= 0.01 else f"{value:.1g}"
