"""What comes with the product, for pages on which nothing was trained yet: a race, a sweep and a method race."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file

from kd_core.drawings import Preparation
from kd_core.inference import PlainNetwork
from kd_core.results import RaceNumbers, StoredLogits
from kd_core.vocabulary import ARMS

RECORDED = Path(__file__).parents[3] / "assets" / "recorded"
NETWORKS = RECORDED / "digits-networks.safetensors"


@cache
def recorded_logits() -> StoredLogits:
    """Return the digits race that comes with the product."""
    arrays = load_file(RECORDED / "digits.safetensors")
    facts = recorded_race()
    logits = {arm: arrays[f"logits.{arm}"].astype(np.float32) for arm in ARMS}
    classes = tuple(facts["classes"])
    return StoredLogits("recorded", facts["provenance"], classes, arrays["images"], arrays["labels"], logits, {})


@cache
def recorded_networks() -> dict[str, PlainNetwork]:
    """Return the networks of the recorded race's first seed by arm; their weights were kept in half precision."""
    arrays = load_file(NETWORKS)
    facts = json.loads(_metadata()["networks"])
    return {arm: PlainNetwork.from_facts(facts[arm], arrays[arm].astype(np.float32)) for arm in ARMS}


@cache
def recorded_drawing() -> Preparation:
    """Return how drawings are prepared for the recorded race's dataset."""
    return Preparation.from_json(json.loads(_metadata()["drawing"]))


def _metadata() -> dict[str, str]:
    with safe_open(NETWORKS, framework="numpy") as file:
        return dict(file.metadata())


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
