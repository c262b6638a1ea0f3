"""From a race's stored numbers to the lines of its charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kd_core.results import ARMS
from kd_core.store import EpochRow, MemberRow, PointRow, RunRow
from pages.parts.curve import CurveSeries
from pages.parts.roles import Role

ROLE_OF: Mapping[str, Role] = {"teacher": "teacher", "alone": "alone", "distilled": "distilled"}
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
        mine = [runs[m.position] for m in members if m.arm == arm and m.position in runs]
        done = [by_run[run.id] for run in mine if run.status == "done" and run.id in by_run]
        going = [by_run[run.id] for run in mine if run.status != "done" and run.id in by_run]
        lines += mean_lines(done, going, arm, names[arm])
    return lines


def mean_lines(
    done: Sequence[Sequence[float]], going: Sequence[Sequence[float]], arm: str, name: str
) -> list[CurveSeries]:
    """Return the mean over finished curves with a band of one sd, and beside it what still grows.

    Seeds that grow together, as lanes do, are drawn as their mean from the first epoch on.
    """
    lines = []
    if not done and len(going) > 1:
        done, going = going, []
    if done:
        mean, sd = mean_and_sd(done)
        x = [float(epoch) for epoch in range(1, len(mean) + 1)]
        band = (None, None) if len(done) == 1 else ((mean - sd).tolist(), (mean + sd).tolist())
        lines.append(CurveSeries(ROLE_OF[arm], name, x, mean.tolist(), *band))
    for curve in list(going)[-1:]:
        x = [float(epoch) for epoch in range(1, len(curve) + 1)]
        lines.append(CurveSeries(ROLE_OF[arm], name, x, list(curve), variant=1 if done else 0))
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


def loss_lines(
    members: Sequence[MemberRow], points: Sequence[PointRow], names: Names, term: str = ""
) -> list[CurveSeries]:
    """Return the training loss (or one of its terms) between epochs, of the newest seed of each arm."""
    newest = {member.arm: member.run for member in members if member.run}
    lines = []
    for arm in ARMS:
        mine = [point for point in points if point.run == newest.get(arm)]
        if term:
            mine = [point for point in mine if term in point.terms]
        if mine:
            values = [point.terms[term] if term else sum(point.terms.values()) for point in mine]
            lines.append(CurveSeries(ROLE_OF[arm], names[arm], [point.epoch for point in mine], values))
    return lines


def points_of(rows: Sequence[EpochRow]) -> list[PointRow]:
    """Return the loss after every epoch, for runs of which nothing between epochs was kept."""
    return [PointRow(row.run, row.epoch + 1, row.epoch + 1.0, row.terms) for row in rows]


def applied_line(members: Sequence[MemberRow], rows: Sequence[EpochRow], setting: str, name: str) -> CurveSeries | None:
    """Return what a schedule gave in each epoch of the newest distilled student, where it moved."""
    run = next((member.run for member in reversed(members) if member.arm == "distilled" and member.run), None)
    values = [row.applied[setting] for row in rows if row.run == run and setting in row.applied]
    if len(set(values)) < 2:
        return None
    return CurveSeries("distilled", name, [float(epoch) for epoch in range(1, len(values) + 1)], values)


def zoomed_range(lines: Sequence[CurveSeries], alive: bool) -> tuple[float, float]:
    """Return an accuracy axis: 0 to 1 while training, afterwards close around where curves are half of their time."""
    shown = [line.y for line in lines if line.y and not line.variant]
    ends = [values[-1] for values in shown]
    if alive or not ends:
        return 0.0, 1.0
    lows = [*ends, *(float(np.median(values)) for values in shown)]
    low = max(0.0, np.floor((min(lows) - 0.06) * 20) / 20)
    return float(low), float(min(1.0, np.ceil((max(ends) + 0.01) * 50) / 50))
