"""The studies of a store: their specifications, their queue and their progress."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from kd_core.errors import NothingToResume, QueueFull, RunBusy, RunUnknown
from kd_core.settings import Settings
from kd_core.store.database import Database
from kd_core.store.owners import NOBODY, add_owner, owned_by, waiting_of
from kd_core.store.rows import MemberProgress, MemberRow, RunRow, StudyRow, member_rows
from kd_core.store.runs import RunTable
from kd_core.store.tables import members, runs, studies
from kd_core.vocabulary import ALIVE, ENDS, RESUMABLE

LIGHT_COLUMNS = [column for column in studies.c if column.name != "spec"]
MOST_SPECS = 200
"""What so many studies asked for is kept in memory; nobody may change it."""


class StudyTable:
    """The studies and their members."""

    def __init__(self, database: Database, run_table: RunTable) -> None:
        self.database, self.runs = database, run_table
        self.specs: dict[str, Any] = {}

    def add(
        self,
        study: Settings,
        *,
        name: str = "",
        fresh: bool = False,
        device: str = "auto",
        precision: str = "auto",
        status: str = "queued",
        owner: str = NOBODY,
        join: Collection[str] = (),
        most_waiting: int | None = None,
        estimate: float | None = None,
    ) -> str:
        """Queue a study and return its id, or the id of one that was asked for alike, even at the same moment.

        Args:
            study: a ``Study``.
            name: how a person calls it.
            fresh: train everything again instead of taking finished runs of the same recipes.
            device: where to train: "auto", "cpu", "cuda" or "mps".
            precision: "auto" for the fastest way measured here, or "float32".
            status: "running" where the caller trains it itself.
            owner: the visitor who asks; they own a study that was asked for alike, too.
            join: the states in which a study that was asked for alike is taken; never one that is ``fresh``.
            most_waiting: how many studies of the owner may wait.
            estimate: how many seconds it will take.

        Raises:
            QueueFull: so many of the owner's studies wait already.
        """
        spec, study_id = study.to_json(), secrets.token_hex(5)
        asked = {"fingerprint": study.fingerprint(), "fresh": fresh, "device": device, "precision": precision}
        facts = {name: spec[name] for name in ("kind", "preset", "seeds")} | asked
        now = time.time()
        with self.database.writing() as connection:
            alike = None if fresh else _newest(connection, asked, join)
            if alike is not None:
                add_owner(connection, alike, owner)
                return alike
            if most_waiting is not None and waiting_of(connection, owner) >= most_waiting:
                raise QueueFull(count=most_waiting)
            last = connection.execute(sa.select(sa.func.max(studies.c.number))).scalar() or 0
            times = {"created": now, "started": now if status == "running" else None, "estimate": estimate}
            row = {"id": study_id, "number": last + 1, "name": name, "spec": spec, "status": status, **facts, **times}
            connection.execute(sa.insert(studies).values(row))
            add_owner(connection, study_id, owner)
            connection.execute(sa.insert(members), member_rows(study_id, study))
        return study_id

    def get(self, study: str) -> StudyRow:
        """Return a study.

        Raises:
            RunUnknown: there is none of that id.
        """
        rows = self._rows(sa.select(*LIGHT_COLUMNS).where(studies.c.id == study))
        if not rows:
            raise RunUnknown(kind="study", id=study)
        return rows[0]

    def list(
        self,
        status: Iterable[str] | None = None,
        limit: int | None = None,
        offset: int = 0,
        *,
        kind: str | None = None,
        owners: Collection[str] | None = None,
        fingerprint: str | None = None,
    ) -> Sequence[StudyRow]:
        """Return studies, newest first.

        Args:
            status: in one of these states.
            limit: at most so many.
            offset: after so many newer ones.
            kind: of this kind.
            owners: of one of these visitors; ``NOBODY`` stands for studies without owner.
            fingerprint: that ask for exactly this.
        """
        query = sa.select(*LIGHT_COLUMNS).order_by(studies.c.number.desc()).offset(offset)
        if status is not None:
            query = query.where(studies.c.status.in_(list(status)))
        if kind is not None:
            query = query.where(studies.c.kind == kind)
        if owners is not None:
            query = query.where(owned_by(owners))
        if fingerprint is not None:
            query = query.where(studies.c.fingerprint == fingerprint)
        return self._rows(query if limit is None else query.limit(limit))

    def _rows(self, query: sa.Select[Any]) -> Sequence[StudyRow]:
        """Return studies by a query of ``LIGHT_COLUMNS``; what was asked for never changes, and is read once."""
        with self.database.reading() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
            specs: dict[str, Any] = {row["id"]: self.specs.get(row["id"]) for row in rows}
            unread = [study for study, spec in specs.items() if spec is None]
            if unread:
                asked = sa.select(studies.c.id, studies.c.spec).where(studies.c.id.in_(unread))
                specs |= {row.id: row.spec for row in connection.execute(asked)}
        self.specs |= {study: spec for study, spec in specs.items() if spec is not None}
        while len(self.specs) > MOST_SPECS:
            self.specs.pop(next(iter(self.specs)), None)
        return [StudyRow(**row, spec=specs[row["id"]]) for row in rows]

    def members(self, study: str) -> Sequence[MemberRow]:
        """Return the members of a study in order of training."""
        query = sa.select(members).where(members.c.study == study).order_by(members.c.position)
        with self.database.reading() as connection:
            return [MemberRow(**row) for row in connection.execute(query).mappings()]

    def restore_members(self, study: str, spec: Settings) -> None:
        """Add those members that a study asked for and that a damaged database has lost."""
        there = {member.position for member in self.members(study)}
        lost = [row for row in member_rows(study, spec) if row["position"] not in there]
        with self.database.writing() as connection:
            connection.execute(sa.insert(members), lost)

    def member_progress(self, study: str) -> Sequence[MemberProgress]:
        """Return the members of a study with the state of their runs: light enough for hundreds, twice a second."""
        member_columns = (
            members.c.position,
            members.c.arm,
            members.c.seed,
            members.c.cell,
            members.c.fingerprint,
            members.c.run,
        )
        run_columns = (runs.c.status, runs.c.epoch, runs.c.epochs, runs.c.reported_epoch, runs.c.source, runs.c.cost)
        joined = sa.select(*member_columns, *run_columns).select_from(
            members.outerjoin(runs, members.c.run == runs.c.id)
        )
        query = joined.where(members.c.study == study).order_by(members.c.position)
        with self.database.reading() as connection:
            return [MemberProgress(**row) for row in connection.execute(query).mappings()]

    def runs_of(self, study: str, positions: Sequence[int] | None = None) -> dict[int, RunRow]:
        """Return the runs of a study by position, all or some, as far as they have begun."""
        query = (
            sa.select(members.c.position, runs).join(runs, members.c.run == runs.c.id).where(members.c.study == study)
        )
        if positions is not None:
            query = query.where(members.c.position.in_(positions))
        with self.database.reading() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return {row.pop("position"): RunRow(**row) for row in rows}

    def of_run(self, run: str) -> str | None:
        """Return the newest study that trained a run itself, or None."""
        trained_here = sa.and_(members.c.run == run, members.c.reused.is_(False))
        query = sa.select(studies.c.id).join(members, members.c.study == studies.c.id).where(trained_here)
        with self.database.reading() as connection:
            return connection.execute(query.order_by(studies.c.number.desc())).scalar()

    def sharing(self, study: str) -> Sequence[StudyRow]:
        """Return the other studies that name runs of this one, newest first: deleting it leaves them those runs."""
        run_ids = sa.select(members.c.run).where(members.c.study == study, members.c.run.is_not(None))
        other_studies = sa.select(members.c.study).where(members.c.run.in_(run_ids), members.c.study != study)
        query = sa.select(*LIGHT_COLUMNS).where(studies.c.id.in_(other_studies)).order_by(studies.c.number.desc())
        return self._rows(query)

    def pulse(self, study: str) -> tuple[Any, ...]:
        """Return a few values that change whenever a living study does: cheap enough for several times a second."""
        facts = (studies.c.status, studies.c.wish, sa.cast(studies.c.activity, sa.Text), studies.c.finished)
        done = sa.func.count(members.c.run), sa.func.sum(runs.c.step), sa.func.sum(runs.c.epoch)
        ended = sa.func.count(runs.c.finished), sa.func.count(members.c.against_teacher)
        joined = studies.outerjoin(members, members.c.study == studies.c.id).outerjoin(runs, members.c.run == runs.c.id)
        query = sa.select(*facts, *done, *ended).select_from(joined).where(studies.c.id == study).group_by(studies.c.id)
        with self.database.reading() as connection:
            row = connection.execute(query).first()
        return () if row is None else tuple(row)

    def note_agreements(self, study: str, against_teacher: Mapping[int, dict[str, float]]) -> None:
        """Keep by position how far members' runs agree with this study's teacher of the same seed."""
        member = sa.and_(members.c.study == study, members.c.position == sa.bindparam("at"))
        rows = [{"at": position, "facts": facts} for position, facts in against_teacher.items()]
        if rows:
            with self.database.writing() as connection:
                statement = (
                    sa.update(members).where(member).values(against_teacher=sa.bindparam("facts", type_=sa.JSON))
                )
                connection.execute(statement, rows)

    def update(self, study: str, **values: Any) -> None:
        """Change a study's own columns: name, note, keep, status, activity, ...

        Raises:
            RunUnknown: there is none of that id.
        """
        with self.database.writing() as connection:
            changed = connection.execute(sa.update(studies).where(studies.c.id == study).values(values))
        if changed.rowcount == 0:
            raise RunUnknown(kind="study", id=study)

    def ask_stop(self, study: str, wish: str = "stop") -> None:
        """Ask for a stop, or for what else is in ``ENDS``: a waiting study ends at once, a running one is asked to."""
        with self.database.writing() as connection:
            waiting = sa.and_(studies.c.id == study, studies.c.status == "queued")
            connection.execute(sa.update(studies).where(waiting).values(status=ENDS[wish], finished=time.time()))
            running = sa.and_(studies.c.id == study, studies.c.status == "running")
            connection.execute(sa.update(studies).where(running).values(wish=wish))

    def ask_resume(self, study: str, status: str = "queued") -> None:
        """Queue a study again that did not come to its end; its finished runs and checkpoints stay.

        Args:
            study: its id.
            status: "running" where the caller trains it itself.

        Raises:
            NothingToResume: it is done, or still alive.
        """
        row = self.get(study)
        if row.status not in RESUMABLE:
            raise NothingToResume(id=study, status=row.status)
        # One that the caller trains would be taken for lost before it has its lock, if it had begun long ago.
        started = time.time() if status == "running" else row.started
        self.update(study, status=status, wish=None, error=None, finished=None, started=started)

    def begin(self, study: str) -> bool:
        """Mark a waiting study as running; False where it does not wait (any more)."""
        waiting = sa.and_(studies.c.id == study, studies.c.status == "queued")
        values = {"status": "running", "started": time.time(), "wish": None}
        with self.database.writing() as connection:
            return bool(connection.execute(sa.update(studies).where(waiting).values(values)).rowcount)

    def stop_requested(self, study: str) -> str | None:
        """Return what a person asked of a study's job, by a query cheap enough for several times a second."""
        with self.database.reading() as connection:
            return connection.execute(sa.select(studies.c.wish).where(studies.c.id == study)).scalar()

    def end(self, study: str, status: str, error: dict[str, Any] | None = None) -> None:
        """Mark a study as ended, and with it every run of its that was still going."""
        trained_runs = sa.select(members.c.run).where(members.c.study == study, members.c.reused.is_(False))
        unfinished = sa.and_(runs.c.id.in_(trained_runs), runs.c.status == "running")
        values = {"status": status, "error": error, "wish": None, "activity": None, "finished": time.time()}
        with self.database.writing() as connection:
            connection.execute(sa.update(studies).where(studies.c.id == study).values(values))
            connection.execute(sa.update(runs).where(unfinished).values(status=status, error=error))

    def delete(self, study: str) -> None:
        """Delete a study and the runs that no other study names.

        Raises:
            RunBusy: it still waits or trains, or a person asked to keep it.
        """
        row = self.get(study)
        if row.status in ALIVE or row.keep:
            raise RunBusy(id=study, status=row.status if row.status in ALIVE else "marked to be kept")
        run_ids = {member.run for member in self.members(study) if member.run}
        with self.database.writing() as connection:
            connection.execute(sa.delete(studies).where(studies.c.id == study))
        self.runs.delete_orphans(run_ids)


def _newest(connection: sa.Connection, equal: Mapping[str, Any], status: Collection[str]) -> str | None:
    """Return the newest study in one of some states whose columns are equal to these."""
    query = sa.select(studies.c.id).where(studies.c.status.in_(list(status))).order_by(studies.c.number.desc())
    return connection.execute(query.where(*(studies.c[name] == value for name, value in equal.items()))).scalar()
