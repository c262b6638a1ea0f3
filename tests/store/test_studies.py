"""Studies in the store: how they come back, wait, end, are resumed and deleted."""

from __future__ import annotations

import numpy as np
import pytest

from kd_core.errors import NothingToResume, RunBusy, RunUnknown
from kd_core.recipe import Study
from kd_core.store import Store
from tests.small_studies import solo
from tests.store.example_rows import begun, epoch, finished, point, race

# What goes in comes out


def test_a_study_comes_back_as_it_was_asked_for(store: Store) -> None:
    asked = race(seeds=2)
    row = store.studies.get(store.studies.add(asked, name="my race", fresh=True, device="cpu"))
    assert Study.from_json(row.spec) == asked
    assert (row.name, row.kind, row.preset, row.seeds, row.fresh, row.device) == (
        "my race",
        "race",
        "digits",
        2,
        True,
        "cpu",
    )
    assert (row.status, row.wish, row.error, row.keep, row.alive) == ("queued", None, None, False, True)
    places = store.studies.members(row.id)
    assert [(place.arm, place.seed) for place in places] == [(m.arm, m.recipe.seed) for m in asked.members]
    assert [place.fingerprint for place in places] == [m.recipe.fingerprint() for m in asked.members]
    assert all(place.run is None and not place.reused for place in places)


def test_studies_are_listed_newest_first_and_can_be_chosen_by_state(store: Store) -> None:
    first, second, third = [store.studies.add(solo(seed=seed)) for seed in range(3)]
    store.studies.end(second, "done")
    assert [row.id for row in store.studies.list()] == [third, second, first]
    assert [row.number for row in store.studies.list()] == [3, 2, 1]
    assert [row.id for row in store.studies.list(limit=1, offset=1)] == [second]
    assert [row.id for row in store.studies.list(status=["queued"])] == [third, first]


def test_a_name_a_note_and_a_keep_can_be_changed(store: Store) -> None:
    study = store.studies.add(solo())
    store.studies.update(study, name="Ünïcode 蒸馏 <b>", note="x" * 10_000, keep=True)
    row = store.studies.get(study)
    assert (row.name, len(row.note), row.keep) == ("Ünïcode 蒸馏 <b>", 10_000, True)


# The queue


def test_the_queue_is_served_in_order_and_tells_how_many_are_ahead(store: Store) -> None:
    first, second, third = [store.studies.add(solo(seed=seed)) for seed in range(3)]
    assert list(store.studies.queue()) == [first, second, third]
    assert store.studies.ahead_of(store.studies.get(third)) == 2
    assert store.studies.begin(first)
    assert not store.studies.begin(first)
    assert list(store.studies.running()) == [first]
    assert store.studies.ahead_of(store.studies.get(third)) == 1


def test_stop_ends_what_waits_and_asks_what_runs(store: Store) -> None:
    waiting, running = store.studies.add(solo()), store.studies.add(solo())
    store.studies.begin(running)
    for study in (waiting, running):
        store.studies.ask_stop(study)
    assert store.studies.get(waiting).status == "stopped"
    assert not store.studies.begin(waiting)
    assert (store.studies.get(running).status, store.studies.stop_requested(running)) == ("running", "stop")


def test_the_end_of_a_study_is_the_end_of_its_runs_but_not_of_those_it_only_uses(store: Store) -> None:
    study, other = store.studies.add(race()), store.studies.add(race())
    done, going = finished(store, study, 0), begun(store, study, 1)
    theirs = begun(store, other, 0)
    store.studies.end(study, "stopped")
    assert [store.runs.get(run).status for run in (done, going, theirs)] == ["done", "stopped", "running"]


@pytest.mark.parametrize("status", ["stopped", "interrupted", "failed", "lost"])
def test_what_did_not_come_to_its_end_can_be_queued_again(store: Store, status: str) -> None:
    study = store.studies.add(solo())
    store.studies.end(study, status, {"code": "x"})
    store.studies.ask_resume(study)
    row = store.studies.get(study)
    assert (row.status, row.error, row.wish, row.finished) == ("queued", None, None, None)


@pytest.mark.parametrize("status", ["done", "running", "queued"])
def test_what_is_done_or_alive_cannot_be_resumed(store: Store, status: str) -> None:
    study = store.studies.add(solo())
    store.studies.update(study, status=status)
    with pytest.raises(NothingToResume, match=status):
        store.studies.ask_resume(study)


# Deleting


def test_delete_keeps_runs_that_another_study_shares(store: Store) -> None:
    first, second = store.studies.add(race()), store.studies.add(race())
    alone, shared = finished(store, first, 0), finished(store, first, 1)
    for run in (alone, shared):
        store.files.save_weights(run, {"w": np.ones(3)})
        store.runs.record({}, [point(run, 1)], [epoch(run, 0)])
    assert store.runs.reuse_finished(second, store.runs.get(shared).fingerprint) == shared
    assert store.runs.reuse_finished(second, "unheard of") is None

    store.studies.end(first, "done")
    store.studies.delete(first)
    assert [row.id for row in store.runs.list()] == [shared]
    assert store.files.weights(shared) is not None
    assert store.files.weights(alone) is None
    assert not (store.home / "runs" / alone).exists()
    assert store.runs.epochs([alone]) == [] and store.runs.points([alone]) == []
    with pytest.raises(RunUnknown):
        store.studies.get(first)
    store.studies.end(second, "done")
    store.studies.delete(second)
    assert store.runs.list() == []


def test_keep_refuses_delete_and_so_does_a_study_that_is_alive(store: Store) -> None:
    study = store.studies.add(solo())
    with pytest.raises(RunBusy, match="queued"):
        store.studies.delete(study)
    store.studies.end(study, "done")
    store.studies.update(study, keep=True)
    with pytest.raises(RunBusy, match="kept"):
        store.studies.delete(study)
    store.studies.update(study, keep=False)
    store.studies.delete(study)
    assert store.studies.list() == []
