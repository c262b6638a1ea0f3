"""The database of a store: its engine, its transactions, and columns that came later."""

from __future__ import annotations

import errno
import json
import logging
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock

from kd_core.errors import Reason, StoreFull, StoreUnusable
from kd_core.store.tables import metadata

log = logging.getLogger(__name__)

WAIT_SECONDS = 30
DAMAGED = "malformed"
"""What SQLite says of a database of which a part is missing or overwritten."""
MOST_SKIPPED = 1 << 40
"""So many row numbers on there are none any more."""


class Database:
    """An engine with short writing transactions.

    Args:
        url: where the database is.
        home: the store's folder, for error sentences.

    Raises:
        StoreUnusable: the database cannot be opened.
    """

    def __init__(self, url: str, home: Path) -> None:
        self.home = home
        self.engine = sa.create_engine(url, connect_args={"timeout": WAIT_SECONDS} if url.startswith("sqlite") else {})
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        self.path = Path(self.engine.url.database or "") if self.engine.dialect.name == "sqlite" else None
        if self.path is not None and _mark(self.path).exists():
            self._recover(self.path)  # somebody met the damage while they used it
        try:
            self._prepare()
        except StoreUnusable as error:
            if self.path is None or DAMAGED not in str(error):
                raise
            self._recover(self.path)
            self._prepare()

    def _prepare(self) -> None:
        with self.writing() as connection:
            metadata.create_all(connection)
            _add_new_columns(connection)

    def _recover(self, path: Path) -> None:
        """Put what can be read of a damaged database into a new file in its place; the old one is kept beside it."""
        self.engine.dispose()
        with self._translated_errors(), FileLock(self.home / "recovery.lock", timeout=WAIT_SECONDS):
            if not _is_damaged(path):  # another process was first
                _mark(path).unlink(missing_ok=True)
                return
            kept = path.with_name(f"{path.stem}-damaged-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
            new = path.with_name(f"{path.stem}-recovering{path.suffix}")
            new.unlink(missing_ok=True)
            try:
                told = _recovered_into(new, path, self.home, kept)
            except sqlite3.DatabaseError as error:  # not even its tables are known: it stays where it is
                raise StoreUnusable(home=self.home, reason=str(error)) from error
            for end in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    path.with_name(path.name + end).replace(kept.with_name(kept.name + end))
            new.replace(path)
            _mark(path).unlink(missing_ok=True)
            log.warning("%s", told)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a transaction that waits for other writers before it reads; it commits at the end of the block."""
        with self._translated_errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a transaction that sees one moment and blocks nobody."""
        with self._translated_errors(), self.engine.connect().execution_options(reading=True) as connection:
            yield connection

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            reason = str(error.orig)
            if DAMAGED in reason and self.path is not None:
                _mark(self.path).touch()
                template = "{said}. Start it again: what can be read of the database is then recovered."
                reason = Reason("database_damaged", template, said=reason)
            kind = StoreFull if "full" in reason else StoreUnusable
            raise kind(home=self.home, reason=reason) from error


def disk_error(error: OSError, home: Path) -> StoreFull | StoreUnusable:
    """Return the error to raise for a file that could not be written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return (StoreFull if full else StoreUnusable)(home=home, reason=error.strerror or str(error))


def _add_new_columns(connection: sa.Connection) -> None:
    """Add columns and indexes that a store of an earlier version lacks; a new column has a default or may be empty."""
    inspector = sa.inspect(connection)
    for table in metadata.sorted_tables:
        existing = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            if column.name not in existing:
                definition = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")
        for index in table.indexes:
            index.create(connection, checkfirst=True)


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver's guess
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that reads first and then writes fails at once if another process wrote in between; IMMEDIATE waits.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _mark(path: Path) -> Path:
    """Return the file that tells the next one who opens a database that it is damaged."""
    return path.with_name(f"{path.name}.damaged")


def _is_damaged(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=WAIT_SECONDS)) as connection:
        try:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
        except sqlite3.DatabaseError as error:
            return DAMAGED in str(error)


def _recovered_into(new: Path, path: Path, home: Path, kept: Path) -> Reason:
    """Fill a new database with the rows that can be read of a damaged one, and tell what came of it."""
    engine = sa.create_engine(f"sqlite:///{new}")
    metadata.create_all(engine)
    engine.dispose()
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(new)) as target:
        source.execute("PRAGMA writable_schema=ON")  # else not a row of a file that is too short is read
        source.execute("SELECT name FROM sqlite_master").fetchall()
        target.execute("PRAGMA foreign_keys=ON")
        torn = [table.name for table in metadata.sorted_tables if _copied(table, source, target)]
        again = _made_consistent(target)
        counts = {name: target.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("studies", "runs")}
        reason = Reason(
            "store_recovered",
            "The database in '{home}' was damaged. {studies} studies and {runs} runs were recovered. {again} runs had "
            "lost some of their numbers and are trained again when their study is resumed. Rows were missing in: "
            "{torn}. The damaged file is kept as '{kept}'.",
            home=home,
            studies=counts["studies"],
            runs=counts["runs"],
            again=again,
            torn=", ".join(torn) or "-",
            kept=kept.name,
        )
        fact = json.dumps({"code": reason.code, "sentence": str(reason), "fields": {**_texts(reason.fields)}})
        target.execute("INSERT OR REPLACE INTO facts (name, value) VALUES ('recovered', ?)", (fact,))
        target.commit()
    return reason


def _copied(table: sa.Table, source: sqlite3.Connection, target: sqlite3.Connection) -> bool:
    """Copy the rows of a table that can be read and are what they should be; True where some could not."""
    try:
        there = {row[1] for row in source.execute(f"PRAGMA table_info({table.name})")}
    except sqlite3.DatabaseError:
        return True
    columns = [column for column in table.columns if column.name in there]
    if not columns:
        return False  # it came with a later version
    names = [column.name for column in columns]
    insert = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    torn = False
    for row in _readable_rows(source, table.name, names):
        if row is None or not all(map(_is_sound, columns, row)):
            torn = True
            continue
        try:
            target.execute(insert, row)
        except sqlite3.IntegrityError:  # what it belongs to is lost; a member can be given another run
            torn = True
            if table.name == "members":
                with suppress(sqlite3.IntegrityError):
                    target.execute(
                        insert, [None if name == "run" else value for name, value in zip(names, row, strict=True)]
                    )
    return torn


def _readable_rows(source: sqlite3.Connection, table: str, names: Sequence[str]) -> Iterator[Sequence[Any] | None]:
    """Yield the rows of a table in order, and None for each stretch of them that cannot be read."""
    query = f"SELECT rowid, {', '.join(names)} FROM {table} WHERE rowid >= ? ORDER BY rowid"

    def readable(start: int) -> bool:
        with suppress(sqlite3.DatabaseError):
            source.execute(f"{query} LIMIT 1", (start,)).fetchall()
            return True
        return False

    start = 0
    while True:
        try:
            for row in source.execute(query, (start,)):
                start = row[0] + 1
                yield row[1:]
            return
        except sqlite3.DatabaseError:
            yield None
        step = 1
        while not readable(start + step):
            step *= 2
            if step > MOST_SKIPPED:
                return
        low, high = start + step // 2, start + step  # the first of these, or one between, is the next to be read
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if readable(middle) else (middle, high)
        start = high


def _is_sound(column: sa.Column[Any], value: Any) -> bool:
    """Tell whether a value is of its column's kind: what stands in an overwritten page may be anything."""
    if value is None:
        return bool(column.nullable)
    if isinstance(column.type, sa.JSON):
        try:
            json.loads(value)
        except (TypeError, ValueError):
            return False
        return True
    return isinstance(value, str if isinstance(column.type, sa.String) else int | float)


def _made_consistent(target: sqlite3.Connection) -> int:
    """Drop runs that lack some of their epochs, mark their studies as lost, and return how many runs that were."""
    lacking = "(SELECT count(*) FROM epochs WHERE epochs.run = runs.id) < runs.epoch"
    dropped = target.execute(f"DELETE FROM runs WHERE {lacking}").rowcount
    given = "(SELECT count(members.run) FROM members WHERE members.study = studies.id)"
    asked = "json_array_length(studies.spec, '$.members')"
    target.execute(f"UPDATE studies SET status = 'lost' WHERE status = 'done' AND {given} < {asked}")
    return dropped


def _texts(fields: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in fields.items()}
