"""The recorded evidence as its files tell it, sorted by outcome: what could not be shown comes first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from pages.parts.text import language

FOLDER = Path(__file__).parents[3] / "assets" / "evidence"
GROUPS: Mapping[str, tuple[str, ...]] = {
    "short": ("not reproduced", "not affordable"),
    "direction": ("direction reproduced",),
    "reproduced": ("reproduced",),
    "waiting": ("not recorded",),
}
"""On the page in this order, and inside the first group in that one."""

Document = Mapping[str, Any]


def documents(folder: Path | None = None) -> list[Document]:
    """Return every experiment's file, in the order in which the claims are told."""
    paths = sorted((folder or FOLDER).glob("*.json"))
    return list(_documents(tuple((path, path.stat().st_mtime_ns) for path in paths)))


@lru_cache(maxsize=4)
def _documents(files: tuple[tuple[Path, int], ...]) -> list[Document]:
    """A file is read again when it was written again; ``written`` then differs, by which drawings are kept."""
    read = [json.loads(path.read_text("utf-8")) | {"written": written} for path, written in files]
    return sorted(read, key=lambda experiment: int(experiment["position"]))


def grouped(experiments: Sequence[Document]) -> dict[str, list[Document]]:
    """Return the experiments by group; what did not come out is in the first, what is waiting in the last."""
    in_group = {
        group: [experiment for experiment in experiments if experiment["outcome"] in outcomes]
        for group, outcomes in GROUPS.items()
    }
    return {
        group: sorted(members, key=lambda experiment: GROUPS[group].index(experiment["outcome"]))
        for group, members in in_group.items()
    }


def localised(words: Mapping[str, str] | None) -> str:
    """Return recorded words in the reader's language; nothing where there are none."""
    return "" if not words else words.get(language()) or words["en"]


def rows(experiments: Sequence[Document]) -> pd.DataFrame:
    """Return one row a figure: published and ours with its spread, in full precision, and how to get it."""
    return pd.DataFrame([_row(experiment, figure) for experiment in experiments for figure in experiment["figures"]])


def epochs(experiment: Document) -> str:
    """Return the epochs of a claim's networks, e.g. "teacher 12, student 40"."""
    return ", ".join(f"{arm} {count}" for arm, count in experiment["epochs"].items())


def _row(experiment: Document, figure: Mapping[str, Any]) -> dict[str, Any]:
    low, high = figure["ci95"] or (None, None)
    provenance = experiment["provenance"] or {}
    return {
        "experiment": experiment["name"],
        "outcome": experiment["outcome"],
        "figure": localised(figure["label"]),
        "unit": figure["unit"],
        "published": figure["published"],
        "ours": figure["mean"],
        "sd": figure["sd"],
        "low": low,
        "high": high,
        "n": len(figure["values"]),
        "epochs": epochs(experiment),
        "hours": experiment["hours"]["spent"],
        "source": experiment["source"],
        "setting": localised(experiment["setting"]),
        "command": experiment["command"],
        "date": provenance.get("date"),
        "machine": provenance.get("machine"),
        "torch": provenance.get("torch"),
    }
