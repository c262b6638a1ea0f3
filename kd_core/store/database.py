"""The database of a store: its engine, its transactions, and columns that came later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock

from kd_core.errors import Reason, StoreFull, StoreUnusable, system_reason
from kd_core.store.recovery import DAMAGED, mark, recover
from kd_core.store.tables import metadata

WAIT_SECONDS = 30


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
        if self.path is not None and mark(self.path).exists():
            self._recover(self.path)  # somebody met the damage while they used it
        try:
            self._prepare()
        except StoreUnusable:
            if self.path is None or not mark(self.path).exists():
                raise
            self._recover(self.path)
            self._prepare()

    def _prepare(self) -> None:
        with self.writing() as connection:
            metadata.create_all(connection)
            _add_new_columns(connection)

    def _recover(self, path: Path) -> None:
        self.engine.dispose()
        with self._translated_errors(), FileLock(self.home / "recovery.lock", timeout=WAIT_SECONDS):
            recover(path, self.home)

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
            reason = system_reason(error.orig or error)
            if any(words in reason for words in DAMAGED):
                reason = self._damaged(reason)
            kind = StoreFull if "full" in reason else StoreUnusable
            raise kind(home=self.home, reason=reason) from error
        except (json.JSONDecodeError, UnicodeDecodeError) as error:  # a row of which bytes were overwritten
            raise StoreUnusable(home=self.home, reason=self._damaged(system_reason(error))) from error

    def _damaged(self, said: Reason) -> Reason:
        """Have the next one who opens the database look for damage."""
        if self.path is not None:
            mark(self.path).touch()
        words = "{said}. Start it again: what can be read of the database is then recovered."
        return Reason("database_damaged", words, said=said)


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
