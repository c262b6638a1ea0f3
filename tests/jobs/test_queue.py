"""What a page asks of jobs, where there is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kd_core import jobs
from kd_core.errors import NothingToResume, RunUnknown
from kd_core.store import Store
from tests.small_studies import DATA, solo


def test_stop_ends_a_running_study_whose_job_nobody_missed(store: Store) -> None:
    study = store.studies.add(solo(), status="running")
    jobs.stop(store, study)
    assert store.studies.get(study).status == "stopped"
    jobs.stop(store, study)  # once more changes nothing


@pytest.mark.parametrize("unknown", ["nobody", "../../etc/passwd", "/etc/passwd", "", "a\x00b"])
def test_unknown_ids_are_told_and_touch_no_file(store: Store, unknown: str) -> None:
    acts: list[Callable[[], object]] = [
        lambda: jobs.stop(store, unknown),
        lambda: jobs.resume(store, unknown, DATA),
        lambda: jobs.carry_out(store, unknown, DATA),
    ]
    for act in acts:
        with pytest.raises(RunUnknown):
            act()
    assert not (store.home / "locks").exists()


def test_a_finished_study_cannot_be_resumed(store: Store) -> None:
    study = store.studies.add(solo())
    store.studies.end(study, "done")
    with pytest.raises(NothingToResume):
        jobs.resume(store, study, DATA)
