"""Curves of the loss and of what the schedules gave, from stored rows."""

from __future__ import annotations

from collections.abc import Sequence

from kd_core.store import EpochRow, MemberRow, PointRow
from kd_core.vocabulary import ARMS
from pages.parts.charts import ROLE_OF, CurveSeries, Names


def loss_lines(
    members: Sequence[MemberRow], points: Sequence[PointRow], names: Names, term: str = ""
) -> list[CurveSeries]:
    """Return the training loss (or one of its terms) between epochs, of the newest seed of each arm."""
    newest = {member.arm: member.run for member in members if member.run}
    lines = []
    for arm in ARMS:
        of_arm = [point for point in points if point.run == newest.get(arm) and (not term or term in point.terms)]
        if of_arm:
            values = [point.terms[term] if term else sum(point.terms.values()) for point in of_arm]
            lines.append(CurveSeries(ROLE_OF[arm], names[arm], [point.epoch for point in of_arm], values))
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
