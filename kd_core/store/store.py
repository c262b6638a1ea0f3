"""Store: one folder with its database, its files and its limit."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kd_core.errors import Reason, StoreFull
from kd_core.store.database import Database
from kd_core.store.files import RunFiles, disk_error
from kd_core.store.lineage import Lineage
from kd_core.store.owners import OwnerTable
from kd_core.store.runs import RunTable
from kd_core.store.studies import StudyTable
from kd_core.store.tables import facts

DEFAULT_LIMIT_BYTES = 20 * 10**9


class Store:
    """Everything that outlives a process.

    Args:
        home: the store's folder; it is made if it is not there.
        url: of the database; by default a SQLite file inside ``home``.

    Attributes:
        studies: with their queue and their members.
        owners: of the studies.
        runs: with their curves.
        lineage: what earlier runs left behind for those that go on from them.
        files: weights, logits, checkpoints and test images.

    Raises:
        StoreUnusable: the folder or the database cannot be opened.
    """

    def __init__(self, home: Path | str, url: str | None = None) -> None:
        self.home = Path(home).expanduser().absolute()
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(error, self.home) from error
        self.url = url or f"sqlite:///{self.home / 'kd.sqlite'}"
        self.database = Database(self.url, self.home)
        self.files = RunFiles(self.home)
        self.runs = RunTable(self.database, self.files)
        self.lineage = Lineage(self.database, self.runs, self.files)
        self.studies = StudyTable(self.database, self.runs)
        self.owners = OwnerTable(self.database)

    def close(self) -> None:
        """Let go of the database."""
        self.database.engine.dispose()

    @property
    def limit(self) -> int:
        """Return how many bytes the store may take before it starts nothing new."""
        return int(self.fact("limit", DEFAULT_LIMIT_BYTES))

    def set_limit(self, limit: int) -> None:
        """Set how many bytes the store may take."""
        self.set_fact("limit", limit)

    def check_space(self) -> None:
        """Raise StoreFull where nothing new should be started."""
        used = self.measured()
        if used >= self.limit:
            words = "it holds {used} GB and its limit is {limit} GB"
            reason = Reason("store_limit", words, used=f"{used / 1e9:.1f}", limit=f"{self.limit / 1e9:.1f}")
            raise StoreFull(home=self.home, reason=reason)

    def measured(self) -> int:
        """Count the store's bytes on disk, and remember them: with very many runs that takes a second."""
        used = self.files.size()
        self.set_fact("bytes", {"used": used, "at": time.time()})
        return used

    def used(self, age: float = 60.0) -> int:
        """Return the bytes on disk as they were counted at most ``age`` seconds ago; older ones are counted again."""
        last_count = self.fact("bytes")
        return int(last_count["used"]) if last_count and time.time() - last_count["at"] < age else self.measured()

    def recovered(self) -> dict[str, Any] | None:
        """Return what was told when the database was recovered, as long as the damaged file is kept beside it."""
        told: dict[str, Any] | None = self.fact("recovered")
        return told if told and (self.home / told["fields"]["kept"]).exists() else None

    def delete(self, study: str) -> None:
        """Delete a study and the runs that no other study names; the bytes are counted anew when next asked for.

        Raises:
            RunBusy: it still waits or trains, or a person asked to keep it.
        """
        self.studies.delete(study)
        self.set_fact("bytes", None)

    def fact(self, name: str, default: Any = None) -> Any:
        """Return a fact about this store, such as its limit."""
        with self.database.reading() as connection:
            row = connection.execute(sa.select(facts.c.value).where(facts.c.name == name)).first()
        return default if row is None else row.value

    def set_fact(self, name: str, value: Any) -> None:
        """Keep a fact about this store."""
        with self.database.writing() as connection:
            connection.execute(sa.delete(facts).where(facts.c.name == name))
            connection.execute(sa.insert(facts).values(name=name, value=value))


def default_home() -> Path:
    """Return the store's folder from ``KD_HOME``, or ``~/.kd-playground``."""
    return Path(os.environ.get("KD_HOME") or Path.home() / ".kd-playground")
