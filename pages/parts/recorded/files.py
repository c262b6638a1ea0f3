"""What comes with the product, for pages on which nothing was trained yet: a race, a sweep and a method race."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from kd_core.results import RaceNumbers, StoredLogits
from kd_core.vocabulary import ARMS

RECORDED = Path(__file__).parents[3] / "assets" / "recorded"


@cache
def recorded_logits() -> StoredLogits:
    """Return the digits race that comes with the product."""
    arrays = load_file(RECORDED / "digits.safetensors")
    facts = recorded_race()
    logits = {arm: arrays[f"logits.{arm}"].astype(np.float32) for arm in ARMS}
    classes = tuple(facts["classes"])
    return StoredLogits("recorded", facts["provenance"], classes, arrays["images"], arrays["labels"], logits, {})


@cache
def recorded_race() -> dict[str, Any]:
    """Return the recorded race's curves, table, verdict and provenance."""
    race: dict[str, Any] = json.loads((RECORDED / "digits.json").read_text("utf-8"))
    return race


@cache
def recorded_numbers() -> RaceNumbers:
    """Return what the recorded race comes to."""
    return RaceNumbers.from_json(recorded_race()["race"])


@cache
def recorded_sweep() -> dict[str, Any]:
    """Return the recorded sweep: provenance, axes with their words, cells, and answers about one test image."""
    sweep: dict[str, Any] = json.loads((RECORDED / "sweep.json").read_text("utf-8"))
    return sweep


@cache
def recorded_method_race() -> dict[str, Any]:
    """Return the recorded method race: provenance, what all had in common, words of its techniques, and results."""
    race: dict[str, Any] = json.loads((RECORDED / "method-race.json").read_text("utf-8"))
    return race
