"""The verdict in the reader's language: what the interval allows to say, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kd_core.results import Verdict
from pages.parts.text.i18n import t
from pages.parts.text.numbers import signed_text

_KEYS = {"better": "better", "worse": "worse", "no difference detected": "none", "one seed": "one_seed"}


def verdict_text(verdict: Verdict | Mapping[str, Any]) -> str:
    """Return one sentence with difference, interval and number of seeds, from a verdict or its JSON."""
    facts = verdict if isinstance(verdict, Mapping) else vars(verdict)
    interval = facts["ci95_pp"]
    fields = {"difference": signed_text(facts["difference_pp"]), "n": facts["seeds"]}
    if interval is not None:
        fields |= {"low": signed_text(interval[0]), "high": signed_text(interval[1])}
    return t(f"verdict.{_KEYS[facts['outcome']]}", **fields)


def sampling_text(interval: tuple[float, float] | list[float], images: int) -> str:
    """Return the sentence on what another test set of the same size would give."""
    return t("verdict.sampling", low=signed_text(interval[0]), high=signed_text(interval[1]), n=f"{images:,}")
