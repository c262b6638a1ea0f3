"""Outcomes: what came of a study, by its kind, as data and as lines for a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kd_core.doctor import Finding
from kd_core.results import compare_json, finished_members, race_json, sweep_rows
from kd_core.settings import format_value
from kd_core.store import Store
from kd_core.vocabulary import MEASURES

LEFT_OUT = {
    "skipped": "could not be read and was left out",
    "format": "left out, in a format that is not read",
    "link": "left out, a folder that is a link",
    "loose": "left out, in no class folder",
    "second": "left out, another folder for the same split",
    "beside": "left out, beside the folders of the splits",
}


def _print_race(store: Store, study: str, outcome: dict[str, Any]) -> None:
    print(f"{outcome['preset']} on {outcome['dataset']}, {outcome['device'] or 'nothing trained yet'}, study {study}")
    for arm, facts in outcome["arms"].items():
        cells = [f"{name} {_mean_sd_text(facts[name])}" for name in MEASURES if facts[name]]
        print(f"  {arm:<10} {'  '.join(cells)}  {facts['parameters']:,} parameters  {facts['seconds']:.1f} s")
    for finished in finished_members(store, study):
        if finished.member.reused:
            print("  (some networks were trained earlier from the same recipe; --fresh trains them again)")
            break
    for fork in outcome.get("forks", ()):
        origin = "an earlier race" if fork["study"] is None else f"#{fork['study']}"
        moved = ", ".join(f"{path} {before} -> {after}" for path, (before, after) in fork["changes"].items())
        print(f"  forked from {origin} ({fork['parent']}) at epoch {fork['epoch']}: {moved or 'nothing changed'}")
    if outcome["verdict"]:
        print(outcome["verdict"]["sentence"])


def _print_sweep(store: Store, study: str, outcome: list[dict[str, Any]]) -> None:
    for line in outcome:
        print("\t".join(f"{name}={value}" for name, value in line.items()))


def _print_comparison(store: Store, study: str, outcome: dict[str, Any]) -> None:
    print(f"{outcome['preset']} on {outcome['dataset']}, {outcome['seeds']} seed(s), study {study}")
    for name, facts in outcome["baselines"].items():
        print(f"  {name:<24} accuracy {_mean_sd_text(facts['accuracy'])}  {facts['seconds']:.1f} s")
    for technique in outcome["techniques"]:
        cells = [f"{name} {_mean_sd_text(technique[name])}" for name in ("accuracy", "agreement") if technique[name]]
        differences = _points(technique["over_alone"]), _points(technique["over_soft_targets"])
        print(
            f"  {technique['name']:<24} {'  '.join(cells)}  alone {differences[0]}  soft targets {differences[1]}",
            end="",
        )
        print(f"  {technique['seconds']:.1f} s  {technique['extra_parameters']:,} extra parameters")
    for name, sentence in outcome["refused"].items():
        print(f"  {name:<24} {sentence}")
    for name in outcome["unfinished"]:
        print(f"  {name:<24} did not come to its end with any seed")


def left_out_lines(store: Store, study: str) -> list[str]:
    """Return a line for every reason why files of a study's images were not looked at, with their names."""
    lines = []
    for source in sorted({place.source for place in store.studies.member_progress(study) if place.source}):
        facts = store.files.source_facts(source) or {}
        by_why = {"skipped": facts.get("skipped"), **facts.get("left_out", {})}
        lines += [f"{facts['label']}: {LEFT_OUT[why]}: {', '.join(names)}" for why, names in by_why.items() if names]
    return lines


def _points(verdict: dict[str, Any] | None) -> str:
    if verdict is None:
        return "-"
    low, high = verdict["ci95_pp"] or (None, None)
    return f"{verdict['difference_pp']:+.2f}" + (f" ({low:+.2f} to {high:+.2f})" if low is not None else "")


def _mean_sd_text(facts: dict[str, Any]) -> str:
    sd = "" if facts["sd"] is None else f" ± {facts['sd']:.4f}"
    return f"{facts['mean']:.4f}{sd} (n = {len(facts['values'])})"


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Return what may be amiss in a study, for a person: each cause with its sentence and the experiment to try."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.cause}: {finding.sentence}")
        if finding.cells:
            lines.append(f"  in {len(finding.cells)} cell(s), most clearly in {_values_text(finding.cells[0])}")
        if finding.experiment:
            lines.append(f"  try {_values_text(finding.experiment)}")
    return lines or ["Nothing found."]


def _values_text(values: Mapping[str, Any]) -> str:
    return "  ".join(f"{path}={format_value(value)}" for path, value in values.items())


OUTCOMES: dict[str, tuple[Callable[[Store, str], Any], Callable[[Store, str, Any], None]]] = {
    "race": (race_json, _print_race),
    "sweep": (sweep_rows, _print_sweep),
    "compare": (compare_json, _print_comparison),
}
"""By kind of study: its results as data, and how they are written for a person."""
