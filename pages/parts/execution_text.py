"""Execution in words: on what a run was carried out, how fast, and whether alone or as a lane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pages.parts.texts import t


def execution_text(execution: Mapping[str, Any]) -> str:
    """Return e.g. "cpu (AMD EPYC, 2 cores), 1 thread, 5 lanes of one loop"."""
    facts = [str(execution["device"]), t("race.threads", n=execution["threads"])]
    if execution.get("dtype", "float32") != "float32":
        facts.append(t("execution.coarse", dtype=execution["dtype"]))
    if execution.get("lanes", 1) > 1:
        facts.append(t("execution.lanes", n=execution["lanes"]))
    elif why := execution.get("why_alone"):
        facts.append(t(f"execution.alone_{why}"))
    return ", ".join(facts)
