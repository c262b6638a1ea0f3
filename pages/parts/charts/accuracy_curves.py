"""Curves of accuracy: lines from stored epochs, with bands over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kd_core.store import EpochRow, MemberRow, RunRow
from kd_core.vocabulary import ARMS
from pages.parts.charts.curve import CurveSeries
from pages.parts.charts.roles import ROLE_OF, Role

Names = Mapping[str, str]


def accuracy_lines(
    members: Sequence[MemberRow], runs: Mapping[int, RunRow], rows: Sequence[EpochRow], names: Names
) -> list[CurveSeries]:
    """Return test accuracy by epoch: the mean of an arm's finished seeds with a band of one sd, and the newest seed.

    Args:
        members: of the race.
        runs: by position, as far as they have begun.
        rows: the epochs of those runs.
        names: of the arms, as shown.
    """
    by_run: dict[str, list[float]] = {}
    for row in rows:
        by_run.setdefault(row.run, []).append(row.scores["test"]["accuracy"] or 0.0)
    lines = []
    for arm in ARMS:
        begun = [runs[m.position] for m in members if m.arm == arm and m.position in runs]
        done = [by_run[run.id] for run in begun if run.status == "done" and run.id in by_run]
        growing = [by_run[run.id] for run in begun if run.status != "done" and run.id in by_run]
        lines += mean_with_band(done, growing, ROLE_OF[arm], names[arm])
    return lines


def mean_with_band(
    done: Sequence[Sequence[float]],
    growing: Sequence[Sequence[float]],
    role: Role,
    name: str,
    *,
    faint: int = 0,
    newest: bool = True,
) -> list[CurveSeries]:
    """Return the mean over finished curves with a band of one sd, and beside it the newest that still grows.

    Where none has finished, as with seeds that are lanes of one loop, those that grow are drawn as their mean.

    Args:
        done: a number after each epoch, by curve.
        growing: the same of those that have not come to their end.
        role: how it is drawn.
        name: of the line.
        faint: how pale, where several lines have one role.
        newest: whether what still grows has a line beside the mean of the finished ones.
    """
    if not done:
        done, growing = growing, []
    lines = []
    if done:
        mean, sd = mean_and_sd(done)
        low, high = (None, None) if len(done) == 1 else ((mean - sd).tolist(), (mean + sd).tolist())
        lines.append(CurveSeries(role, name, _epochs(len(mean)), mean.tolist(), low, high, faint))
    if growing and newest:
        lines.append(CurveSeries(role, name, _epochs(len(growing[-1])), list(growing[-1]), variant=faint + 1))
    return lines


def mean_and_sd(curves: Sequence[Sequence[float]]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and sample sd by epoch, over the curves that reached it; sd is 0 where only one did."""
    longest = max(len(curve) for curve in curves)
    table = np.full((len(curves), longest), np.nan)
    for row, curve in zip(table, curves, strict=True):
        row[: len(curve)] = curve
    counts = (~np.isnan(table)).sum(0)
    mean = np.nanmean(table, axis=0)
    squares = np.nansum((table - mean) ** 2, axis=0)
    return mean, np.sqrt(squares / np.maximum(counts - 1, 1))


def zoomed_range(lines: Sequence[CurveSeries], alive: bool) -> tuple[float, float]:
    """Return an accuracy axis: 0 to 1 while training, afterwards close around where curves are half of their time."""
    shown = [line.y for line in lines if line.y and not line.variant]
    ends = [values[-1] for values in shown]
    if alive or not ends:
        return 0.0, 1.0
    lows = [*ends, *(float(np.median(values)) for values in shown)]
    low = max(0.0, np.floor((min(lows) - 0.06) * 20) / 20)
    return float(low), float(min(1.0, np.ceil((max(ends) + 0.01) * 50) / 50))


def _epochs(count: int) -> list[float]:
    return [float(epoch) for epoch in range(1, count + 1)]
