"""The verdict in the reader's language: what the interval allows to say, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kd_core.results import Verdict
from pages.parts.text.i18n import t
from pages.parts.text.numbers import signed_text

_KEYS = {"better": "better", "worse": "worse", "no difference detected": "none", "one seed": "one_seed"}


def verdict_text(verdict: Verdict | Mapping[str, Any], who: str = "") -> str:
    """Return one sentence with difference, interval and number of seeds.

    Args:
        verdict: or its JSON.
        who: helped or hurt, as the subject of the sentence; by default the teacher.
    """
    facts = _facts(verdict)
    key = _KEYS[facts["outcome"]]
    if who and key in ("better", "worse"):
        return t(f"verdict.who_{key}", who=who, **_fields(facts))
    return t(f"verdict.{key}", **_fields(facts))


def difference_text(verdict: Verdict | Mapping[str, Any]) -> str:
    """Return the difference with its interval and nothing on what made it, e.g. "+1.20 percentage points (...)"."""
    facts = _facts(verdict)
    return t("verdict.difference_one_seed" if facts["ci95_pp"] is None else "verdict.difference", **_fields(facts))


def sampling_text(interval: tuple[float, float] | list[float], images: int) -> str:
    """Return the sentence on what another test set of the same size would give."""
    return t("verdict.sampling", low=signed_text(interval[0]), high=signed_text(interval[1]), n=f"{images:,}")


def _facts(verdict: Verdict | Mapping[str, Any]) -> Mapping[str, Any]:
    return verdict if isinstance(verdict, Mapping) else vars(verdict)


def _fields(facts: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"difference": signed_text(facts["difference_pp"]), "n": facts["seeds"]}
    if (interval := facts["ci95_pp"]) is not None:
        fields |= {"low": signed_text(interval[0]), "high": signed_text(interval[1])}
    return fields
