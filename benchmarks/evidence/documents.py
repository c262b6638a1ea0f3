"""The documents in which claims are recorded: what is claimed, what came of its trial, and how to get it."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.evidence.rule import (
    detectable_sds,
    difference,
    effect,
    holds,
    numbers,
    outcome,
    tolerance,
)
from benchmarks.harness import machine
from kd_core.results import t_interval

if TYPE_CHECKING:
    from benchmarks.evidence.trials import Trial

FOLDER = Path(__file__).parents[2] / "assets" / "evidence"
CLAIMS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("claims.toml").read_text("utf-8"))
"""By name, in the order in which they are told."""
ON_GPU = [name for name, claim in CLAIMS.items() if claim.get("gpu")]
"""Claims that are tried only where they are asked for with ``--full``."""
NOTHING_YET: dict[str, Any] = {"values": [], "mean": None, "sd": None, "ci95": None}
NO_DIFFERENCE: dict[str, Any] = {
    "difference": None,
    "ci95": None,
    "basis": None,
    "sd": None,
    "detectable": None,
    "effect_mean": None,
    "effect_ci95": None,
    "effect_published": None,
    "holds": None,
}


def document(name: str) -> dict[str, Any]:
    """Return a claim as its file tells it before anything was trained."""
    claim = CLAIMS[name]
    blank = {
        "name": name,
        "position": list(CLAIMS).index(name),
        "title": claim["title"],
        "source": claim["source"],
        "claim": claim["claim"],
        "figures": [_figure(figure) for figure in claim["figures"]],
        "chart": claim.get("chart", []),
        "directions": [_direction(claim, direction) for direction in claim.get("directions", [])],
        "setting": None,
        "differs": claim.get("differs"),
        "tried": None,
        "not_affordable": claim.get("not_affordable"),
        "lesson": claim.get("lesson"),
        "shortened": False,
        "seeds": [],
        "seeds_planned": claim["seeds"],
        "detectable_sds": detectable_sds(claim["seeds"]),
        "epochs": {},
        "hours": {"budget": claim["hours"], "spent": None},
        "command": command(name),
        "provenance": None,
    }
    return {**blank, "outcome": outcome(blank)}


def recorded(name: str, trial: Trial, hours: float) -> dict[str, Any]:
    """Return a claim with what came of its trial.

    Args:
        name: of the claim.
        trial: its figures, the numbers of its setting, and its epochs.
        hours: of one core that it took.
    """
    found, claim = document(name), CLAIMS[name]
    for figure in found["figures"]:
        if figure["key"] in trial.figures:
            figure.update(numbers(trial.figures[figure["key"]]))
    for direction in found["directions"]:
        judge(direction, trial.figures)
    found |= {
        "setting": {language: words.format(**trial.numbers) for language, words in claim["setting"].items()},
        "tried": claim.get("tried"),
        "not_affordable": None,
        "seeds": list(range(claim["seeds"])),
        "epochs": dict(trial.epochs),
        "hours": {"budget": claim["hours"], "spent": round(hours, 3)},
        "provenance": {**machine(), "date": time.strftime("%Y-%m-%d")},
    }
    return {**found, "outcome": outcome(found)}


def judge(direction: dict[str, Any], figures: Mapping[str, Any]) -> None:
    """Fill in what the figures, by key, say about a direction; nothing where one of them was not measured."""
    sides = [figures.get(key) for key in (direction["higher"], direction["lower"]) if key]
    higher = sides[0]
    if higher is None or None in sides:
        return
    lower = sides[1] if len(sides) > 1 else None
    direction.update(difference(higher, lower, direction["unit"]))
    direction["holds"] = holds(direction)
    if direction["effect"]:
        others = [direction["least"]] * len(higher.values) if lower is None else lower.values
        direction.update(_effect(direction, higher.values, others))


def _effect(direction: Mapping[str, Any], higher: Sequence[float], lower: Sequence[float]) -> dict[str, Any]:
    """Return mean and interval of the size of an effect, in % of what the claim says is worse."""
    by_seed = effect(direction, higher, lower)
    if len(by_seed) < len(higher):
        return {}
    interval = t_interval(by_seed)
    if interval is None and direction["ci95"]:  # one seed: the interval over test images, in the same units
        scale = by_seed[0] / direction["difference"] if direction["difference"] else 0.0
        interval = (scale * direction["ci95"][0], scale * direction["ci95"][1])
    return {"effect_mean": sum(by_seed) / len(by_seed), "effect_ci95": interval and list(interval)}


def command(name: str) -> str:
    """Return what a person types to get these numbers."""
    full = " --full" if name in ON_GPU else ""
    return f"python -m benchmarks.evidence --claim {name} --record{full} --home HOME --data-root DIR"


def path_of(name: str) -> Path:
    """Return where a claim's file is."""
    return FOLDER / f"{name}.json"


def write(told: Mapping[str, Any]) -> None:
    """Write a claim's file, whole or not at all."""
    path = path_of(told["name"])
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
    partial.replace(path)


def _figure(declared: Mapping[str, Any]) -> dict[str, Any]:
    published, images = declared.get("published"), declared.get("images")
    allowed = declared.get("tolerance", tolerance(published, declared["unit"], images))
    return {**declared, "published": published, "images": images, "tolerance": allowed, **NOTHING_YET}


def _direction(claim: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    unit = next(figure["unit"] for figure in claim["figures"] if figure["key"] == declared["higher"])
    sides = {"higher": declared["higher"], "lower": declared.get("lower"), "least": declared.get("least", 0.0)}
    direction = {**sides, "unit": unit, **NO_DIFFERENCE, "effect": declared.get("effect")}
    published = {figure["key"]: figure.get("published") for figure in claim["figures"]}
    pair = [published.get(direction["higher"]), published.get(direction["lower"])]
    if direction["effect"] and None not in pair:
        direction["effect_published"] = effect(direction, pair[:1], pair[1:])[0]
    return direction
