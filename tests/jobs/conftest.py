"""What tests of jobs share: a store of which nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kd_core.store import Store
from tests.small_studies import often_checkpointed


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of which nobody knows."""
    made = often_checkpointed(tmp_path / "home")
    yield made
    made.close()
