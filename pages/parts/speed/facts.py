"""What a race says about size and speed: rows for tables and charts, and the finding in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from kd_core.results import race_json
from kd_core.store import StudyRow
from kd_core.vocabulary import ARMS
from pages.parts.app import store
from pages.parts.studies import recorded_race
from pages.parts.text import ratio_text, t

ALIKE = 0.1
"""Times that differ by less than this share are called alike."""


def speed_facts(study: StudyRow | None) -> dict[str, Any]:
    """Return a race in the shape of ``race_json``: a study's, or the recorded one's."""
    if study is None:
        return dict(recorded_race()["race"])
    if study.kind != "race":
        return {"arms": {}}
    if study.alive:
        return race_json(store(), study.id)
    return _settled(str(store().home), study.id, study.finished or 0.0)


def provenance_text(study: StudyRow | None) -> str:
    """Return where the numbers come from: this machine, or the recording."""
    if study is not None:
        return t("provenance.live")
    made = recorded_race()["provenance"]
    return t("provenance.recorded", seed=f"0–{made['seeds'] - 1}", date=made["date"], machine=made["machine"])


@st.cache_data(max_entries=50, show_spinner=False)
def _settled(home: str, study: str, ended: float) -> dict[str, Any]:
    return race_json(store(), study)


def size_rows(arms: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row per arm: its size, its work for one image, its training time and its accuracy."""
    rows = []
    for arm in ARMS:
        if one := arms.get(arm):
            facts = {name: one[name] for name in ("parameters", "bytes", "macs", "seconds")}
            accuracy = one["accuracy"] or {"mean": None, "sd": None, "values": []}
            rows.append(
                {"arm": arm, **facts, "accuracy": accuracy["mean"], "sd": accuracy["sd"], "n": len(accuracy["values"])}
            )
    return pd.DataFrame(rows)


def latency_rows(arms: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row per arm and batch: milliseconds, and how they were measured."""
    timed = [{"arm": arm, **one} for arm in ARMS if arm in arms for one in arms[arm]["latency_by_batch"]]
    return pd.DataFrame(timed, columns=["arm", "batch", "p50", "p95", "runs", "threads", "device"])


def finding(arms: Mapping[str, Any], batch: int) -> str:
    """Return how the student compares with its teacher in size and, where it was timed, in speed."""
    if not {"teacher", "distilled"} <= arms.keys():
        return t("speed.one_network")
    size = _words("size", arms["teacher"]["bytes"] / max(1, arms["distilled"]["bytes"]))
    p50 = {
        arm: one["p50"]
        for arm in ("teacher", "distilled")
        for one in arms[arm]["latency_by_batch"]
        if one["batch"] == batch
    }
    if len(p50) < 2:
        return t("speed.finding_size", size=size)
    return t("speed.finding", size=size, speed=_words("speed", p50["teacher"] / p50["distilled"]), batch=batch)


def _words(what: str, ratio: float) -> str:
    if abs(ratio - 1) < ALIKE:
        return t(f"speed.{what}_same")
    return t(f"speed.{what}_{'better' if ratio > 1 else 'worse'}", ratio=ratio_text(max(ratio, 1 / ratio)))
