"""The database: its tables, and an engine whose writers wait for each other instead of failing."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kd_core.errors import StoreFull, StoreUnusable

WAIT_SECONDS = 30

metadata = sa.MetaData()

studies = sa.Table(
    "studies",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False, index=True),  # in order of asking: the queue's order
    sa.Column("name", sa.Text, nullable=False, default=""),
    sa.Column("note", sa.Text, nullable=False, default=""),
    sa.Column("keep", sa.Boolean, nullable=False, default=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("preset", sa.Text, nullable=False),
    sa.Column("seeds", sa.Integer, nullable=False),
    sa.Column("spec", sa.JSON, nullable=False),
    sa.Column("fresh", sa.Boolean, nullable=False, default=False),
    sa.Column("device", sa.String(16), nullable=False, default="auto"),
    sa.Column("precision", sa.String(16), nullable=False, default="auto", server_default="auto"),
    sa.Column("status", sa.String(16), nullable=False, index=True),
    sa.Column("wish", sa.String(16)),  # what a person asked of the running job: "stop"
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("finished", sa.Float),
    sa.Column("activity", sa.JSON),  # what the job is doing beside training: {"what": ..., "done": 0..1}
    sa.Column("error", sa.JSON),
    sa.Column("latency", sa.JSON),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("fingerprint", sa.String(16), nullable=False, index=True),
    sa.Column("recipe", sa.JSON, nullable=False),
    sa.Column("status", sa.String(16), nullable=False, index=True),
    sa.Column("created", sa.Float, nullable=False, index=True),
    sa.Column("finished", sa.Float),
    sa.Column("seconds", sa.Float, nullable=False, default=0.0),
    sa.Column("epoch", sa.Integer, nullable=False, default=0),
    sa.Column("epochs", sa.Integer, nullable=False),
    sa.Column("step", sa.Integer, nullable=False, default=0),
    sa.Column("steps", sa.Integer, nullable=False, default=0),
    sa.Column("reported_epoch", sa.Integer),
    sa.Column("source", sa.String(16)),  # under which name the dataset's test images are kept
    sa.Column("execution", sa.JSON),
    sa.Column("cost", sa.JSON),
    sa.Column("error", sa.JSON),
)

members = sa.Table(
    "members",
    metadata,
    sa.Column("study", sa.ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("arm", sa.String(16), nullable=False),
    sa.Column("seed", sa.Integer, nullable=False),
    sa.Column("cell", sa.JSON, nullable=False),
    sa.Column("fingerprint", sa.String(16), nullable=False),
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="SET NULL"), index=True),
    sa.Column("reused", sa.Boolean, nullable=False, default=False),
    sa.Column("against_teacher", sa.JSON),  # agreement and KL with this study's teacher of the same seed, on test
)

epochs = sa.Table(
    "epochs",
    metadata,
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("loss", sa.Float, nullable=False),
    sa.Column("terms", sa.JSON, nullable=False),
    sa.Column("applied", sa.JSON, nullable=False),
    sa.Column("scores", sa.JSON, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("shares", sa.JSON),
)

points = sa.Table(
    "points",
    metadata,
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("epoch", sa.Float, nullable=False),
    sa.Column("terms", sa.JSON, nullable=False),
)

notes = sa.Table(
    "notes",
    metadata,
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("subject", sa.String(32), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("facts", sa.JSON, nullable=False),
)

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
)


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
        with self.writing() as connection:
            metadata.create_all(connection)
            _add_new_columns(connection)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a transaction that waits for other writers before it reads; it commits at the end of the block."""
        with self._told(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a transaction that sees one moment and blocks nobody."""
        with self._told(), self.engine.connect().execution_options(reading=True) as connection:
            yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            reason = str(error.orig)
            kind = StoreFull if "full" in reason else StoreUnusable
            raise kind(home=self.home, reason=reason) from error


def told_full(error: OSError, home: Path) -> StoreFull | StoreUnusable:
    """Return the error to raise for a file that could not be written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return (StoreFull if full else StoreUnusable)(home=home, reason=error.strerror or str(error))


def _add_new_columns(connection: sa.Connection) -> None:
    """Add columns and indexes that a store of an earlier version lacks; a new column has a default or may be empty."""
    looked = sa.inspect(connection)
    for table in metadata.sorted_tables:
        known = {column["name"] for column in looked.get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                told = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {told}")
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
