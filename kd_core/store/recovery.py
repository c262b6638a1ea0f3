"""Recovery: what can be read of a damaged SQLite file goes on in a new one, and the damaged one is kept beside it."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from kd_core.errors import Reason, StoreUnusable, reasons_json, system_reason
from kd_core.store.tables import metadata

log = logging.getLogger(__name__)

WAIT_SECONDS = 30
DAMAGED: Final = ("malformed", "Could not decode to UTF-8")
"""What SQLite says of a file of which a part is missing or overwritten."""
MOST_SKIPPED = 1 << 40
"""So many row numbers on there are none any more."""


def mark(path: Path) -> Path:
    """Return the file that tells the next one who opens a database to look for damage."""
    return path.with_name(f"{path.name}.damaged")


def recover(path: Path, home: Path) -> None:
    """Put what can be read of a damaged database into a new file in its place; a sound one stays as it is.

    The store's fact ``recovered`` says what came of it.

    Args:
        path: of the database, which nobody else may open meanwhile.
        home: the store's folder, for error sentences.

    Raises:
        StoreUnusable: nothing can be read.
    """
    if is_damaged(path):  # else another process was first
        kept = path.with_name(f"{path.stem}-damaged-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
        new = path.with_name(f"{path.stem}-recovering{path.suffix}")
        new.unlink(missing_ok=True)
        try:
            told = _recovered_into(new, path, home, kept)
        except sqlite3.DatabaseError as error:  # not even its tables are known: it stays where it is
            raise StoreUnusable(home=home, reason=system_reason(error)) from error
        for end in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + end).replace(kept.with_name(kept.name + end))
        new.replace(path)
        log.warning("%s", told)
    mark(path).unlink(missing_ok=True)


def is_damaged(path: Path) -> bool:
    """Tell whether a database cannot be read whole, or holds what does not belong there."""
    with closing(sqlite3.connect(path, timeout=WAIT_SECONDS)) as connection:
        try:
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                return True
            return any(not _is_sound_table(connection, table) for table in metadata.sorted_tables)
        except sqlite3.DatabaseError as error:
            return any(words in str(error) for words in DAMAGED)


def _is_sound_table(connection: sqlite3.Connection, table: sa.Table) -> bool:
    columns = _columns_there(connection, table)
    if not columns:
        return True
    rows = _readable_rows(connection, table.name, [column.name for column in columns])
    return all(row is not None and all(map(_is_sound, columns, row)) for row in rows)


def _columns_there(connection: sqlite3.Connection, table: sa.Table) -> list[sa.Column[Any]]:
    """Return a table's columns that a database has; none where the table came with a later version."""
    there = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
    return [column for column in table.columns if column.name in there]


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
            "{torn}. The damaged file is kept as '{kept}'; once it is deleted, this is not told any more.",
            home=home,
            studies=counts["studies"],
            runs=counts["runs"],
            again=again,
            torn=", ".join(torn) or "-",
            kept=kept.name,
        )
        fact = json.dumps({**reasons_json({"told": reason})["told"], "sentence": str(reason)})
        target.execute("INSERT OR REPLACE INTO facts (name, value) VALUES ('recovered', ?)", (fact,))
        target.commit()
    return reason


def _copied(table: sa.Table, source: sqlite3.Connection, target: sqlite3.Connection) -> bool:
    """Copy the rows of a table that can be read and are what they should be; True where some could not."""
    try:
        columns = _columns_there(source, table)
    except sqlite3.DatabaseError:
        return True
    if not columns:
        return False
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
