"""The runs of a store: beginning, progress, curves and end."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from kd_core.errors import FilesDamaged, RunUnknown
from kd_core.settings import Settings
from kd_core.store.database import Database
from kd_core.store.files import RunFiles
from kd_core.store.rows import EpochRow, NoteRow, PointRow, RunRow, error_json
from kd_core.store.tables import epochs, members, notes, points, runs, studies

KEPT_POINTS = 400


class RunTable:
    """The runs with their epochs, points and notes."""

    def __init__(self, database: Database, files: RunFiles) -> None:
        self.database, self.files = database, files

    def begin(self, study: str, recipes: Sequence[Settings]) -> Sequence[str]:
        """Add a running run for each of a study's recipes, give it to every member that has the recipe; return ids.

        Args:
            study: its id.
            recipes: all different, each of at least one member.
        """
        rows = [self._new_row(recipe) for recipe in recipes]
        with_recipe = sa.and_(members.c.study == study, members.c.fingerprint == sa.bindparam("of"))
        assignment = sa.update(members).where(with_recipe).values(run=sa.bindparam("id"), reused=False)
        with self.database.writing() as connection:
            connection.execute(sa.insert(runs), rows)
            connection.execute(assignment, [{"of": row["fingerprint"], "id": row["id"]} for row in rows])
        return [str(row["id"]) for row in rows]

    def _new_row(self, recipe: Settings) -> dict[str, Any]:
        recipe_json = recipe.to_json()
        return {
            "id": secrets.token_hex(5),
            "fingerprint": recipe.fingerprint(),
            "recipe": recipe_json,
            "status": "running",
            "created": time.time(),
            "epochs": recipe_json["optim"]["epochs"],
        }

    def reuse_finished(self, study: str, fingerprint: str) -> str | None:
        """Give a study's members of a recipe its newest finished run, and return its id, or None."""
        run = self.finished(fingerprint)
        if run is not None:
            without_run = sa.and_(
                members.c.study == study, members.c.fingerprint == fingerprint, members.c.run.is_(None)
            )
            with self.database.writing() as connection:
                connection.execute(sa.update(members).where(without_run).values(run=run, reused=True))
        return run

    def adopt_damaged(self, study: str, fingerprint: str, run: str, file: str) -> bool:
        """Give a study's members of a recipe a finished run whose files are damaged, to train it again in its place.

        Returns:
            False where another study has done so at the same moment.
        """
        still_done = sa.and_(runs.c.id == run, runs.c.status == "done")
        error = error_json(FilesDamaged(id=run, file=file))
        mine = sa.and_(members.c.study == study, members.c.fingerprint == fingerprint)
        with self.database.writing() as connection:
            if not connection.execute(sa.update(runs).where(still_done).values(status="lost", error=error)).rowcount:
                return False
            connection.execute(sa.update(members).where(mine).values(run=run, reused=False))
        return True

    def note_damage(self, run: str, error: dict[str, Any]) -> str | None:
        """Mark a finished run whose files are damaged as lost, and its study that has ended, so that it can resume.

        Returns:
            The study, or None where none names the run.
        """
        named = sa.select(studies.c.id).join(members, members.c.study == studies.c.id).where(members.c.run == run)
        newest = named.order_by(members.c.reused, studies.c.number.desc())
        with self.database.writing() as connection:
            study = connection.execute(newest).scalar()
            done = sa.and_(runs.c.id == run, runs.c.status == "done")
            connection.execute(sa.update(runs).where(done).values(status="lost", error=error))
            ended = sa.and_(studies.c.id == study, studies.c.status == "done")
            connection.execute(sa.update(studies).where(ended).values(status="lost", error=error))
        return study

    def finished(self, fingerprint: str) -> str | None:
        """Return the newest run of a recipe that came to its end, or None."""
        done = sa.and_(runs.c.fingerprint == fingerprint, runs.c.status == "done")
        with self.database.reading() as connection:
            return connection.execute(sa.select(runs.c.id).where(done).order_by(runs.c.finished.desc())).scalar()

    def finished_among(self, fingerprints: Iterable[str]) -> set[str]:
        """Return which of these recipes have a run that came to its end."""
        done = sa.and_(runs.c.fingerprint.in_(list(fingerprints)), runs.c.status == "done")
        with self.database.reading() as connection:
            return set(connection.execute(sa.select(runs.c.fingerprint).where(done)).scalars())

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

    def update(self, *ids: str, **values: Any) -> None:
        """Change the own columns of some runs: status, seconds, cost, error, ..."""
        with self.database.writing() as connection:
            connection.execute(sa.update(runs).where(runs.c.id.in_(ids)).values(values))

    def record(
        self,
        progress: Mapping[str, Mapping[str, Any]],
        new_points: Sequence[PointRow],
        new: Sequence[EpochRow],
        new_notes: Sequence[NoteRow] = (),
    ) -> None:
        """Add points, epochs and notes and set the progress of some runs, in one short transaction.

        Args:
            progress: by run, the columns that changed; lanes of one loop mostly change alike.
            new_points: the loss between epochs.
            new: epochs.
            new_notes: what protocols recorded beside the curves.
        """
        alike: dict[str, tuple[Mapping[str, Any], list[str]]] = {}
        for run, values in progress.items():
            alike.setdefault(repr(values), (values, []))[1].append(run)
        with self.database.writing() as connection:
            if new_points:
                connection.execute(sa.insert(points), [vars(point) for point in new_points])
            if new:
                connection.execute(sa.insert(epochs), [vars(epoch) for epoch in new])
            if new_notes:
                connection.execute(sa.insert(notes), [vars(note) for note in new_notes])
            for values, ids in alike.values():
                connection.execute(sa.update(runs).where(runs.c.id.in_(ids)).values(dict(values)))
            for run in {point.run for point in new_points}:
                self._thin(connection, run)

    def rewind(self, ids: Sequence[str], epoch: int, step: int) -> None:
        """Forget what some runs recorded after their last checkpoint, from ``epoch`` and ``step`` on."""
        with self.database.writing() as connection:
            connection.execute(sa.delete(epochs).where(epochs.c.run.in_(ids), epochs.c.epoch >= epoch))
            connection.execute(sa.delete(points).where(points.c.run.in_(ids), points.c.step > step))
            connection.execute(sa.delete(notes).where(notes.c.run.in_(ids), notes.c.epoch >= epoch))
            kept_seconds = sa.select(sa.func.coalesce(sa.func.sum(epochs.c.seconds), 0.0)).where(
                epochs.c.run == runs.c.id
            )
            values = {"status": "running", "epoch": epoch, "step": step, "error": None}
            reset = sa.update(runs).where(runs.c.id.in_(ids)).values(seconds=kept_seconds.scalar_subquery(), **values)
            connection.execute(reset)
        for run in ids:
            self.files.rewind(run, epoch)

    def reported(self, ids: Iterable[str]) -> Sequence[EpochRow]:
        """Return the reported epoch of some runs, as far as they came to their end."""
        query = sa.select(epochs).join(runs, runs.c.id == epochs.c.run).where(epochs.c.epoch == runs.c.reported_epoch)
        with self.database.reading() as connection:
            return [EpochRow(**row) for row in connection.execute(query.where(runs.c.id.in_(list(ids)))).mappings()]

    def epochs(self, ids: Iterable[str], after: int = -1) -> Sequence[EpochRow]:
        """Return the epochs of some runs, by run and epoch, those beyond ``after``."""
        query = sa.select(epochs).where(epochs.c.run.in_(list(ids)), epochs.c.epoch > after)
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(epochs.c.run, epochs.c.epoch)).mappings()
            return [EpochRow(**row) for row in rows]

    def scores(self, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], dict[str, dict[str, float | None]]]:
        """Return the recorded scores of validation and test after single epochs, by run and epoch (from 0)."""
        by_epoch: dict[int, set[str]] = {}
        for run, epoch in wanted:
            by_epoch.setdefault(epoch, set()).add(run)
        scores = {}
        with self.database.reading() as connection:
            for epoch, ids in by_epoch.items():  # lanes move together, so there are few different epochs
                selected = sa.and_(epochs.c.run.in_(ids), epochs.c.epoch == epoch)
                for row in connection.execute(sa.select(epochs.c.run, epochs.c.scores).where(selected)):
                    scores[row.run, epoch] = row.scores
        return scores

    def points(self, ids: Iterable[str], after: int = -1) -> Sequence[PointRow]:
        """Return the loss between epochs of some runs, by run and step, those beyond step ``after``."""
        query = sa.select(points).where(points.c.run.in_(list(ids)), points.c.step > after)
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(points.c.run, points.c.step)).mappings()
            return [PointRow(**row) for row in rows]

    def notes(self, ids: Iterable[str], subject: str | None = None) -> Sequence[NoteRow]:
        """Return what protocols recorded of some runs, by run, subject and epoch; all of it, or about one subject."""
        query = sa.select(notes).where(notes.c.run.in_(list(ids)))
        if subject is not None:
            query = query.where(notes.c.subject == subject)
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(notes.c.run, notes.c.subject, notes.c.epoch)).mappings()
            return [NoteRow(**row) for row in rows]

    def delete_orphans(self, ids: Iterable[str]) -> int:
        """Delete those of some runs that no study names any more, with their files; return how many."""
        named = sa.select(members.c.run).where(members.c.run == runs.c.id).exists()
        orphan = sa.and_(runs.c.id.in_(list(ids)), ~named, runs.c.status != "running")
        with self.database.writing() as connection:
            orphan_ids = [row.id for row in connection.execute(sa.select(runs.c.id).where(orphan))]
            connection.execute(sa.delete(runs).where(runs.c.id.in_(orphan_ids)))
        for run in orphan_ids:
            self.files.delete(run)
        return len(orphan_ids)

    def _thin(self, connection: sa.Connection, run: str) -> None:
        """Keep every other point of a long run: a curve on a screen needs no more."""
        query = sa.select(points.c.step).where(points.c.run == run).order_by(points.c.step)
        steps = connection.execute(query).scalars().all()
        if len(steps) > 2 * KEPT_POINTS:
            every_other = list(steps[1:-1:2])
            connection.execute(sa.delete(points).where(points.c.run == run, points.c.step.in_(every_other)))
