"""Outcomes: what came of a study, by its kind, as data and as lines for a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kd_core.results import compare_json, finished_members, race_json, sweep_rows
from kd_core.store import Store
from kd_core.vocabulary import MEASURES


def _print_race(store: Store, study: str, told: dict[str, Any]) -> None:
    print(f"{told['preset']} on {told['dataset']}, {told['device']}, study {study}")
    for arm, facts in told["arms"].items():
        cells = [f"{name} {_spread(facts[name])}" for name in MEASURES if facts[name]]
        print(f"  {arm:<10} {'  '.join(cells)}  {facts['parameters']:,} parameters  {facts['seconds']:.1f} s")
    for place in finished_members(store, study):
        if place.member.reused:
            print("  (some networks were trained earlier from the same recipe; --fresh trains them again)")
            break
    if told["verdict"]:
        print(told["verdict"]["sentence"])


def _print_sweep(store: Store, study: str, told: list[dict[str, Any]]) -> None:
    for line in told:
        print("\t".join(f"{name}={value}" for name, value in line.items()))


def _print_comparison(store: Store, study: str, told: dict[str, Any]) -> None:
    print(f"{told['preset']} on {told['dataset']}, {told['seeds']} seed(s), study {study}")
    for name, facts in told["baselines"].items():
        print(f"  {name:<24} accuracy {_spread(facts['accuracy'])}  {facts['seconds']:.1f} s")
    for one in told["techniques"]:
        cells = [f"{name} {_spread(one[name])}" for name in ("accuracy", "agreement") if one[name]]
        against = _points(one["over_alone"]), _points(one["over_soft_targets"])
        print(f"  {one['name']:<24} {'  '.join(cells)}  alone {against[0]}  soft targets {against[1]}", end="")
        print(f"  {one['seconds']:.1f} s  {one['extra_parameters']:,} extra parameters")
    for name, sentence in told["refused"].items():
        print(f"  {name:<24} {sentence}")
    for name in told["unfinished"]:
        print(f"  {name:<24} did not come to its end with any seed")


def _points(judged: dict[str, Any] | None) -> str:
    if judged is None:
        return "-"
    low, high = judged["ci95_pp"] or (None, None)
    return f"{judged['difference_pp']:+.2f}" + (f" ({low:+.2f} to {high:+.2f})" if low is not None else "")


def _spread(facts: dict[str, Any]) -> str:
    sd = "" if facts["sd"] is None else f" ± {facts['sd']:.4f}"
    return f"{facts['mean']:.4f}{sd} (n = {len(facts['values'])})"


OUTCOMES: dict[str, tuple[Callable[[Store, str], Any], Callable[[Store, str, Any], None]]] = {
    "race": (race_json, _print_race),
    "sweep": (sweep_rows, _print_sweep),
    "compare": (compare_json, _print_comparison),
}
"""By kind of study: what is told of it, and how that is written for a person."""
