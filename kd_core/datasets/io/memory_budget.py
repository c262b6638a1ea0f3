"""Memory budget: how much several threads may hold at a time, whatever their number."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryBudget:
    """Lets threads in as long as what they hold together stays below a limit.

    Args:
        most: bytes.

    Attributes:
        held: bytes at present.
    """

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0
        self._freed = threading.Condition()

    @contextmanager
    def reserved(self, count: int) -> Iterator[None]:
        """Wait until ``count`` bytes are free, and hold them; who needs more than there is waits to be alone."""
        count = min(count, self.most)
        with self._freed:
            self._freed.wait_for(lambda: self.held + count <= self.most)
            self.held += count
        try:
            yield
        finally:
            with self._freed:
                self.held -= count
                self._freed.notify_all()
