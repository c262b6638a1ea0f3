"""Where the numbers about a test image come from: which run, and after which epoch."""

from __future__ import annotations

from kd_core.results import StoredLogits
from pages.parts.text import escape_markdown, t


def provenance(stored: StoredLogits) -> str:
    """Return who made these numbers: live or recorded, with seed, and date and machine of a recording."""
    facts = {name: escape_markdown(str(value)) for name, value in stored.facts.items()}
    if stored.provenance == "recorded":
        return t("provenance.recorded", **facts)
    if stored.provenance == "own":
        return t("provenance.own", title=facts["title"])
    return t("soft_labels.live_seed", provenance=t("provenance.live"), **facts)


def epoch_words(epoch: int | None) -> str:
    """Return which epoch is shown, counted from 1."""
    return t("soft_labels.epoch_reported") if epoch is None else t("soft_labels.epoch_shown", epoch=epoch + 1)
