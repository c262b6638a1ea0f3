"""Studies that say they run while nobody carries them out."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from kd_core import jobs
from kd_core.jobs.locks import held, job_lock, log_file, supervisor_lock
from kd_core.jobs.lost import log_tail, mark_ended
from kd_core.store import Store
from tests.small_studies import solo


def test_a_running_study_whose_lock_is_free_is_lost_with_the_last_words_of_its_log(store: Store) -> None:
    study = store.studies.add(solo(), status="running")
    run = store.runs.begin(study, [solo().members[0].recipe])[0]
    path = log_file(store.home, study)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 9000 + b"\n---- study s, today\n10:00 INFO on my way\n\x1b[31mSegmentation\xff fault\x00\n")
    assert jobs.mark_lost(store) == []  # it may be about to take its lock
    store.studies.update(study, started=time.time() - 60)
    with held(job_lock(store.home, study)):
        assert jobs.mark_lost(store) == []
    assert jobs.mark_lost(store) == [study]
    row = store.studies.get(study)
    assert row.status == "lost" and row.error is not None
    assert "Segmentation" in row.error["sentence"]
    assert not any(sign in row.error["sentence"] for sign in ("INFO", "\x1b", "\x00", "xxx"))
    assert store.runs.get(run).status == "lost"
    assert jobs.mark_lost(store) == []


def test_while_a_supervisor_lives_it_alone_tells_what_is_lost(store: Store) -> None:
    study = store.studies.add(solo(), status="running")
    store.studies.update(study, started=0.0)
    with held(supervisor_lock(store.home)):
        assert jobs.mark_lost(store) == []


def test_a_study_that_is_resumed_here_is_not_taken_for_lost_before_it_has_its_lock(store: Store) -> None:
    study = store.studies.add(solo(), status="running")
    store.studies.update(study, started=time.time() - 60)
    assert jobs.mark_lost(store) == [study]
    store.studies.ask_resume(study, status="running")
    assert jobs.mark_lost(store) == []


def test_one_who_only_looks_at_a_lock_is_not_taken_for_one_who_trains(store: Store) -> None:
    study = store.studies.add(solo(), status="running")
    store.studies.update(study, started=time.time() - 60)
    looked_at = job_lock(store.home, study)
    looked_at.acquire()
    threading.Timer(0.1, looked_at.release).start()
    jobs.wait_for_lost(store, study)
    assert store.studies.get(study).status == "lost"


def test_a_job_that_crashed_before_it_began_is_not_tried_for_ever(store: Store) -> None:
    study = store.studies.add(solo())
    assert mark_ended(store, study, "lost", exitcode=1)
    assert store.studies.get(study).status == "lost"


def test_a_job_that_died_after_a_person_asked_it_to_stop_is_stopped(store: Store) -> None:
    study = store.studies.add(solo(), status="running")
    store.studies.ask_stop(study)
    assert mark_ended(store, study, "lost", exitcode=-9)
    assert store.studies.get(study).status == "stopped"


def test_last_words_of_no_log_are_none(tmp_path: Path) -> None:
    assert log_tail(tmp_path / "nothing.log") == ""
