"""The supervisor where no process can be had, and where the disk is full."""

from __future__ import annotations

from typing import Any

import pytest

from kd_core import jobs
from kd_core.errors import StoreFull
from kd_core.jobs.supervisor import Supervisor
from kd_core.store import Store
from tests.small_studies import solo


class Dead:
    """A process that ended with an error before anybody looked."""

    pid, exitcode, sentinel = 1, 1, None

    def is_alive(self) -> bool:
        return False


class NoWorkers:
    """Workers whose processes are dead, or cannot be had at all."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def ready(self) -> bool:
        return True

    def start(self, study: str) -> Any:
        if self.error:
            raise self.error
        return Dead()

    def close(self) -> None: ...


@pytest.mark.parametrize("error", [OSError("Cannot allocate memory"), EOFError()])
def test_a_study_for_which_no_process_can_be_had_fails_and_the_queue_goes_on(store: Store, error: Exception) -> None:
    studies = [store.studies.add(solo()) for _ in range(2)]
    jobs.set_slots(store, 2)
    Supervisor(store, NoWorkers(error))._turn()
    for study in studies:
        row = store.studies.get(study)
        assert row.status == "failed" and row.error is not None
        assert type(error).__name__ in row.error["sentence"]


def test_a_supervisor_outlives_a_full_disk_and_tells_later_what_it_could_not_write(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kd_core.jobs.supervisor.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("multiprocessing.connection.wait", lambda *_, **__: [])
    study = store.studies.add(solo())
    supervisor = Supervisor(store, NoWorkers())
    supervisor._turn()
    end, refusals = store.studies.end, [1, 2]

    def end_on_a_full_disk(*arguments: Any) -> None:
        if refusals.pop():
            refusals.insert(0, 0)
            raise StoreFull(home=store.home, reason="database or disk is full")
        end(*arguments)

    monkeypatch.setattr(store.studies, "end", end_on_a_full_disk)
    for _ in range(4):
        supervisor._turn()
    monkeypatch.undo()
    assert store.studies.get(study).status == "lost"
    assert supervisor.jobs == {}
