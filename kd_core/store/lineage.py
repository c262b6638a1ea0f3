"""Lineage: what runs left behind from which others go on: their checkpoints, and their numbers up to there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from numpy.typing import NDArray

from kd_core.store.database import Database
from kd_core.store.files import RunFiles
from kd_core.store.runs import RunTable
from kd_core.store.tables import epochs, members, notes, points, runs, studies

ACTIVE, DIVERGED = 1, 2
"""Columns of a checkpoint's ``progress`` beside the epoch: whether a lane still learns, whether its numbers broke."""


@dataclass(frozen=True)
class Remains:
    """A checkpoint of one loop, of which nobody has come to an end yet.

    Args:
        runs: whose, by lane.
        group: of a loop of several lanes; empty for a single run.
        epoch: at which it goes on, 0-based.
        tensors: all that is needed for it.
    """

    runs: Sequence[str]
    group: str
    epoch: int
    tensors: dict[str, NDArray[Any]]


class Lineage:
    """Which runs left something behind for others, and how it is handed on."""

    def __init__(self, database: Database, run_table: RunTable, files: RunFiles) -> None:
        self.database, self.runs, self.files = database, run_table, files

    def remains(self, fingerprints: Sequence[str], until: int, but_not: Sequence[str]) -> Remains | None:
        """Return the latest checkpoint of exactly these recipes, trained together in this order; None without one.

        One that is damaged, or of which a lane has ended, is none.

        Args:
            fingerprints: of the recipes, by lane.
            until: up to which epoch it may be.
            but_not: the runs that are to go on from it.
        """
        found = [one for one in self._checkpoints(fingerprints, set(but_not)) if 0 < one.epoch <= until]
        return max(found, key=lambda one: one.epoch, default=None)

    def _checkpoints(self, fingerprints: Sequence[str], but_not: set[str]) -> Iterator[Remains]:
        query = sa.select(runs.c.id).where(runs.c.fingerprint == fingerprints[0]).order_by(runs.c.created.desc())
        with self.database.reading() as connection:
            candidates = [run for run in connection.execute(query).scalars() if run not in but_not]
        for run in candidates:
            place = self.files.lanes.place(run)
            group = place[0] if place else ""
            trained_together = self.files.lanes.members(group) if group else [run]
            tensors = self.files.lanes.checkpoint(group) if group else self.files.checkpoint(run)
            if tensors is not None and self._recipes_of(trained_together) == [*fingerprints]:
                epoch = _epoch_of_all(tensors["progress"])
                if epoch is not None:
                    yield Remains(trained_together, group, epoch, tensors)

    def _recipes_of(self, ids: Sequence[str]) -> list[str]:
        by_id = {row.id: row.fingerprint for row in self.runs.list(ids)}
        return [by_id.get(run, "") for run in ids]

    def hand_on(self, remains: Remains, to: Sequence[str], group: str) -> None:
        """Let fresh runs begin with a checkpoint of others, and with their numbers up to there.

        The checkpoint comes last: where this is broken off, nothing is there.

        Args:
            remains: of the others.
            to: the runs, by lane.
            group: of their loop; empty for a single run.
        """
        epoch = remains.epoch
        self.runs.rewind(to, 0, 0)
        for source, target in zip(remains.runs, to, strict=True):
            self._copy_rows(source, target, epoch)
            self.files.hand_on(source, target, epoch)
        if group:
            self.files.lanes.rewind(group, 0)
            self.files.lanes.hand_on(remains.group, group, epoch)
            self.files.lanes.save_checkpoint(group, remains.tensors)
        else:
            self.files.save_checkpoint(to[0], remains.tensors)

    def _copy_rows(self, source: str, target: str, epoch: int) -> None:
        row = self.runs.get(source)
        step = epoch * (row.steps // max(1, row.epochs))
        parts = ((epochs, epochs.c.epoch < epoch), (points, points.c.step <= step), (notes, notes.c.epoch < epoch))
        with self.database.writing() as connection:
            for table, before in parts:
                query = sa.select(table).where(table.c.run == source, before)
                rows = [{**dict(row), "run": target} for row in connection.execute(query).mappings()]
                if rows:
                    connection.execute(sa.insert(table), rows)
            connection.execute(sa.update(runs).where(runs.c.id == target).values(steps=row.steps))

    def study_of(self, fingerprint: str, before: int | None = None) -> int | None:
        """Return the number of the newest study with a member of a recipe.

        Args:
            fingerprint: of the recipe.
            before: only studies that were asked for before that of this number.

        Returns:
            None where there is none, or none any more.
        """
        named = sa.select(sa.func.max(studies.c.number)).join(members, members.c.study == studies.c.id)
        with self.database.reading() as connection:
            asked_before = sa.true() if before is None else studies.c.number < before
            return connection.execute(named.where(members.c.fingerprint == fingerprint, asked_before)).scalar()


def _epoch_of_all(progress: NDArray[Any]) -> int | None:
    """Return the epoch at which all lanes of a checkpoint go on; None where one has ended."""
    if progress.ndim != 2 or not (progress[:, ACTIVE] == 1).all() or (progress[:, DIVERGED] == 1).any():
        return None
    return int(progress[0, 0])
