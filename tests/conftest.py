"""What every test stands on: a store of its own, and one thread for small networks."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

# Before torch is imported anywhere: two threads wait for each other longer than they compute on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def no_store_of_a_person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whoever runs the tests keeps their runs: the default store is a temporary one, for servers and jobs too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KD_HOME", str(tmp_path_factory.mktemp("home")))
        yield
