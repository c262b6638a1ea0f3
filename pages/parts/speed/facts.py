"""What a race says about size and speed: rows for tables and charts, and the finding in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pandas as pd

from kd_core.results import ArmResult, CellValues, RaceNumbers, race_numbers
from kd_core.store import StudyRow
from kd_core.vocabulary import ARMS
from pages.parts.app import store
from pages.parts.recorded import recorded_numbers, recorded_race
from pages.parts.text import ratio_text, t

ALIKE = 0.1
"""Times that differ by less than this share are called alike."""


def race_of(study: StudyRow | None, cell: CellValues | None = None) -> RaceNumbers:
    """Return what a race comes to, a study's or the recorded one's; of a study of many trios that of one cell."""
    if study is None:
        return recorded_numbers()
    if study.alive:
        return race_numbers(store(), study.id, cell)
    return _ended(str(store().home), study.id, json.dumps(cell), study.finished or 0.0)


def provenance_text(study: StudyRow | None) -> str:
    """Return where the numbers come from: this machine, or the recording."""
    if study is not None:
        return t("provenance.live")
    made = recorded_race()["provenance"]
    return t("provenance.recorded", seed=f"0–{made['seeds'] - 1}", date=made["date"], machine=made["machine"])


@lru_cache(maxsize=64)
def _ended(home: str, study: str, cell: str, finished: float) -> RaceNumbers:
    return race_numbers(store(), study, json.loads(cell))


def size_rows(arms: Mapping[str, ArmResult]) -> pd.DataFrame:
    """Return one row per arm: its size, its work for one image, its training time and its accuracy."""
    return pd.DataFrame([_size_row(arms[arm]) for arm in ARMS if arm in arms])


def _size_row(result: ArmResult) -> dict[str, Any]:
    sizes = {name: getattr(result, name) for name in ("parameters", "bytes", "macs", "seconds")}
    accuracy = result.measures["accuracy"]
    n = len(accuracy.values) if accuracy else 0
    return {"arm": result.arm, **sizes, "accuracy": accuracy and accuracy.mean, "sd": accuracy and accuracy.sd, "n": n}


def latency_rows(arms: Mapping[str, ArmResult]) -> pd.DataFrame:
    """Return one row per arm and batch: milliseconds, and how they were measured."""
    rows = [{"arm": arm, **timed} for arm in ARMS if arm in arms for timed in arms[arm].latency]
    return pd.DataFrame(rows, columns=["arm", "batch", "p50", "p95", "runs", "threads", "device"])


def finding(arms: Mapping[str, ArmResult], batch: int) -> str:
    """Return how the student compares with its teacher in size and, where it was timed, in speed."""
    if not {"teacher", "distilled"} <= arms.keys():
        return t("speed.one_network")
    size = _words("size", arms["teacher"].bytes / max(1, arms["distilled"].bytes))
    p50 = {
        arm: timed["p50"] for arm in ("teacher", "distilled") for timed in arms[arm].latency if timed["batch"] == batch
    }
    if len(p50) < 2:
        return t("speed.finding_size", size=size)
    return t("speed.finding", size=size, speed=_words("speed", p50["teacher"] / p50["distilled"]), batch=batch)


def _words(what: str, ratio: float) -> str:
    if abs(ratio - 1) < ALIKE:
        return t(f"speed.{what}_same")
    return t(f"speed.{what}_{'better' if ratio > 1 else 'worse'}", ratio=ratio_text(max(ratio, 1 / ratio)))
