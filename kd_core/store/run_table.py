"""The runs of a store: beginning, progress, curves and end."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from kd_core.errors import RunUnknown
from kd_core.settings import Settings
from kd_core.store.artifacts import Artifacts
from kd_core.store.rows import EpochRow, PointRow, RunRow
from kd_core.store.schema import Database, epochs, members, points, runs

KEPT_POINTS = 400


class Runs:
    """What was trained."""

    def __init__(self, database: Database, files: Artifacts) -> None:
        self.database, self.files = database, files

    def begin(self, study: str, position: int, recipe: Settings, epochs: int) -> str:
        """Add a running run for a study's member and return its id."""
        run = secrets.token_hex(5)
        values = {
            "id": run,
            "fingerprint": recipe.fingerprint(),
            "recipe": recipe.to_json(),
            "status": "running",
            "created": time.time(),
            "epochs": epochs,
        }
        with self.database.writing() as connection:
            connection.execute(sa.insert(runs).values(values))
            connection.execute(_at(study, position).values(run=run, reused=False))
        return run

    def adopt(self, study: str, position: int, fingerprint: str) -> str | None:
        """Give a study's member the newest finished run of the same recipe, and return its id, or None."""
        run = self.finished(fingerprint)
        if run is not None:
            with self.database.writing() as connection:
                connection.execute(_at(study, position).values(run=run, reused=True))
        return run

    def finished(self, fingerprint: str) -> str | None:
        """Return the newest run of a recipe that came to its end, or None."""
        done = sa.and_(runs.c.fingerprint == fingerprint, runs.c.status == "done")
        with self.database.reading() as connection:
            return connection.execute(sa.select(runs.c.id).where(done).order_by(runs.c.finished.desc())).scalar()

    def get(self, run: str) -> RunRow:
        """Return a run.

        Raises:
            RunUnknown: there is none of that id.
        """
        with self.database.reading() as connection:
            row = connection.execute(sa.select(runs).where(runs.c.id == run)).mappings().first()
        if row is None:
            raise RunUnknown(kind="run", id=run)
        return RunRow(**row)

    def list(self, ids: Iterable[str] | None = None, limit: int | None = None, offset: int = 0) -> Sequence[RunRow]:
        """Return runs, newest first: all, or those of ``ids``."""
        query = sa.select(runs).order_by(runs.c.created.desc(), runs.c.id).offset(offset)
        if limit is not None:
            query = query.limit(limit)
        if ids is not None:
            query = query.where(runs.c.id.in_(list(ids)))
        with self.database.reading() as connection:
            return [RunRow(**row) for row in connection.execute(query).mappings()]

    def update(self, run: str, **values: Any) -> None:
        """Change a run's own columns: status, seconds, cost, error, ..."""
        with self.database.writing() as connection:
            connection.execute(sa.update(runs).where(runs.c.id == run).values(values))

    def record(
        self, run: str, progress: Mapping[str, Any], new_points: Sequence[PointRow], new: Sequence[EpochRow]
    ) -> None:
        """Add points and epochs and set the run's progress, in one short transaction."""
        with self.database.writing() as connection:
            if new_points:
                connection.execute(sa.insert(points), [vars(point) for point in new_points])
            if new:
                connection.execute(sa.insert(epochs), [vars(epoch) for epoch in new])
            if progress:
                connection.execute(sa.update(runs).where(runs.c.id == run).values(dict(progress)))
            self._thin(connection, run)

    def rewind(self, run: str, epoch: int, step: int) -> None:
        """Forget what a run told after its last checkpoint, from ``epoch`` and ``step`` on."""
        with self.database.writing() as connection:
            connection.execute(sa.delete(epochs).where(epochs.c.run == run, epochs.c.epoch >= epoch))
            connection.execute(sa.delete(points).where(points.c.run == run, points.c.step > step))
            known = sa.select(sa.func.coalesce(sa.func.sum(epochs.c.seconds), 0.0)).where(epochs.c.run == run)
            seconds = connection.execute(known).scalar_one()
            values = {"status": "running", "epoch": epoch, "step": step, "seconds": seconds, "error": None}
            connection.execute(sa.update(runs).where(runs.c.id == run).values(values))
        self.files.drop_partials(run)
        for kept in self.files.kept_epochs(run):
            if kept >= epoch:
                self.files.drop_logits(run, kept)

    def epochs(self, ids: Iterable[str], after: int = -1) -> Sequence[EpochRow]:
        """Return the epochs of some runs, by run and epoch, those beyond ``after``."""
        query = sa.select(epochs).where(epochs.c.run.in_(list(ids)), epochs.c.epoch > after)
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(epochs.c.run, epochs.c.epoch)).mappings()
            return [EpochRow(**row) for row in rows]

    def points(self, ids: Iterable[str], after: int = -1) -> Sequence[PointRow]:
        """Return the loss between epochs of some runs, by run and step, those beyond step ``after``."""
        query = sa.select(points).where(points.c.run.in_(list(ids)), points.c.step > after)
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(points.c.run, points.c.step)).mappings()
            return [PointRow(**row) for row in rows]

    def delete_orphans(self) -> int:
        """Delete the runs that no study names any more, with their files; return how many."""
        named = sa.select(members.c.run).where(members.c.run.is_not(None))
        orphan = sa.and_(runs.c.id.not_in(named), runs.c.status != "running")
        with self.database.writing() as connection:
            ids = [row.id for row in connection.execute(sa.select(runs.c.id).where(orphan))]
            connection.execute(sa.delete(runs).where(runs.c.id.in_(ids)))
        for run in ids:
            self.files.delete(run)
        return len(ids)

    def _thin(self, connection: sa.Connection, run: str) -> None:
        """Keep every other point of a long run: a curve on a screen needs no more."""
        mine = sa.select(points.c.step).where(points.c.run == run).order_by(points.c.step)
        steps = connection.execute(mine).scalars().all()
        if len(steps) > 2 * KEPT_POINTS:
            every_other = list(steps[1:-1:2])
            connection.execute(sa.delete(points).where(points.c.run == run, points.c.step.in_(every_other)))


def _at(study: str, position: int) -> sa.Update:
    return sa.update(members).where(members.c.study == study, members.c.position == position)
