"""Hold this engine against published figures: ``python -m benchmarks.evidence --data-root DIR [--only NAME ...]``.

Every experiment trains real recipes in a store of its own (``--home``) and writes ``assets/evidence/<name>.json``. A
stopped run goes on where it was when the same command is given again, and what is finished is never trained twice.
``--full`` takes the settings of the sources instead of shortened ones: hours to days. An experiment that was not
carried out yet has a file too, without any number of ours. The claims themselves lie in ``claims.toml``.
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.evidence.rule import difference, holds, numbers, outcome, tolerance
from benchmarks.harness import machine, parser_of
from kd_core.store import default_home

if TYPE_CHECKING:
    from benchmarks.evidence.trials import Trial

FOLDER = Path(__file__).parents[2] / "assets" / "evidence"
CLAIMS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("claims.toml").read_text("utf-8"))
TRIED = [name for name, claim in CLAIMS.items() if "not_tried" not in claim]
NOTHING_YET = {"values": [], "mean": None, "sd": None, "ci95": None}
NO_DIFFERENCE = {"difference": None, "ci95": None, "basis": None, "holds": None}


def main() -> None:
    """Write a file for every claim, then train what was asked for, one experiment after the other."""
    asked = _asked()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in CLAIMS:
        if not path_of(name).exists():
            write(document(name))
    from benchmarks.evidence.trial_store import Trials
    from benchmarks.evidence.trials import TRIALS

    trials = Trials(asked.home, asked.data_root)
    for name in asked.only or TRIED:
        seeds = asked.seeds or CLAIMS[name]["seeds"]
        trial = TRIALS[name](trials, asked.full, seeds)
        told = recorded(name, trial, seeds, asked.full)
        write(told)
        print(json.dumps({"name": name, "outcome": told["outcome"]}), flush=True)


def document(name: str) -> dict[str, Any]:
    """Return a claim as its file tells it before anything was trained."""
    claim = CLAIMS[name]
    found = {
        "name": name,
        "position": list(CLAIMS).index(name),
        "source": claim["source"],
        "claim": claim["claim"],
        "figures": [_figure(one) for one in claim["figures"]],
        "chart": claim.get("chart", []),
        "directions": [_direction(claim, one) for one in claim.get("directions", [])],
        "setting": None,
        "differs": claim.get("differs"),
        "not_tried": claim.get("not_tried"),
        "full": False,
        "seeds": [],
        "command": command(name, claim["seeds"], full=False) if name in TRIED else None,
        "provenance": None,
    }
    return {**found, "outcome": outcome(found)}


def recorded(name: str, trial: Trial, seeds: int, full: bool) -> dict[str, Any]:
    """Return a claim with what came of its trial.

    Args:
        name: of the claim.
        trial: its figures, and the numbers of its setting.
        seeds: how many.
        full: whether the setting is the source's.
    """
    found = document(name)
    for figure in found["figures"]:
        if figure["key"] in trial.figures:
            figure.update(numbers(trial.figures[figure["key"]]))
    for direction in found["directions"]:
        sides = [trial.figures.get(key) for key in (direction["higher"], direction["lower"]) if key]
        if (higher := sides[0]) is not None and None not in sides:
            direction.update(difference(higher, sides[1] if len(sides) > 1 else None, direction["unit"]))
            direction["holds"] = holds(direction)
    found |= {
        "setting": {language: words.format(**trial.numbers) for language, words in CLAIMS[name]["setting"].items()},
        "full": full,
        "seeds": list(range(seeds)),
        "command": command(name, seeds, full),
        "provenance": {**machine(), "date": time.strftime("%Y-%m-%d")},
    }
    return {**found, "outcome": outcome(found)}


def command(name: str, seeds: int, full: bool) -> str:
    """Return what a person types to get these numbers."""
    return f"python -m benchmarks.evidence --only {name} --seeds {seeds} --data-root DIR" + (" --full" if full else "")


def path_of(name: str) -> Path:
    """Return where an experiment's file is."""
    return FOLDER / f"{name}.json"


def write(told: Mapping[str, Any]) -> None:
    """Write an experiment's file, whole or not at all."""
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
    return {**sides, "unit": unit, **NO_DIFFERENCE}


def _asked() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.prog = "python -m benchmarks.evidence"
    parser.add_argument("--only", nargs="+", choices=TRIED, metavar="NAME", help=f"of {', '.join(TRIED)}")
    parser.add_argument("--seeds", type=int, help="of every experiment; by default as many as its file says")
    home = default_home() / "evidence"
    parser.add_argument("--home", type=Path, default=home, help="a store that outlives a stopped run (%(default)s)")
    parser.add_argument("--full", action="store_true", help="the settings of the sources: hours to days")
    return parser.parse_args()


if __name__ == "__main__":
    main()
