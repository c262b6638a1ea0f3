"""Studies in the store: how they come back, wait, end, are resumed and deleted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from kd_core.errors import NothingToResume, QueueFull, RunBusy, RunUnknown
from kd_core.recipe import Study
from kd_core.store import NOBODY, Store
from kd_core.vocabulary import ALIVE
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


def test_what_waits_and_runs_is_told_in_the_order_of_asking_with_its_owners(store: Store) -> None:
    first, second, third = [store.studies.add(solo(seed=seed), owner=owner) for seed, owner in enumerate("ab")] + [
        store.studies.add(solo(seed=2), estimate=7.0)
    ]
    assert store.studies.begin(first)
    assert not store.studies.begin(first)
    store.studies.end(second, "done")
    alive = store.owners.alive()
    assert [(row.id, row.status, row.owners) for row in alive] == [
        (first, "running", frozenset("a")),
        (third, "queued", frozenset()),
    ]
    assert [row.estimate for row in alive] == [None, 7.0]
    assert alive[0].started is not None


def test_what_is_asked_for_alike_is_one_study_of_all_who_asked(store: Store) -> None:
    first = store.studies.add(solo(), owner="a", join=ALIVE)
    assert store.studies.add(solo(), owner="b", join=ALIVE) == first
    assert store.studies.add(solo(), owner="b", join=ALIVE) == first
    assert store.owners.of(first) == {"a", "b"}
    others = [
        store.studies.add(solo(seed=1), owner="b", join=ALIVE),
        store.studies.add(solo(), owner="b", join=ALIVE, fresh=True),
        store.studies.add(solo(), owner="b", join=ALIVE, device="cuda"),
        store.studies.add(solo(), owner="b"),
    ]
    assert len({first, *others}) == 5
    for study in (first, others[-1]):
        store.studies.end(study, "done")
    assert store.studies.add(solo(), owner="c", join=ALIVE) not in {first, *others}
    assert store.studies.list(owners=["c"], fingerprint=solo().fingerprint())


def test_forty_who_ask_alike_at_once_share_one_study(store: Store) -> None:
    with ThreadPoolExecutor(40) as people:
        ids = list(people.map(lambda n: store.studies.add(solo(), owner=f"v{n}", join=ALIVE), range(40)))
    assert len(set(ids)) == 1
    assert store.owners.of(ids[0]) == {f"v{n}" for n in range(40)}


def test_so_many_studies_of_one_visitor_may_wait_and_one_more_is_refused_and_changes_nothing(store: Store) -> None:
    for seed in range(2):
        store.studies.add(solo(seed=seed), owner="a", most_waiting=2)
    with pytest.raises(QueueFull, match="2 of your studies wait"):
        store.studies.add(solo(seed=2), owner="a", most_waiting=2)
    store.studies.add(solo(seed=2), owner="b", most_waiting=2)
    assert len(store.studies.list(owners=["a"])) == 2
    store.studies.begin(store.studies.list(owners=["a"])[0].id)  # one that runs does not wait
    store.studies.add(solo(seed=3), owner="a", most_waiting=2)


def test_owners_leave_and_the_last_one_stays(store: Store) -> None:
    study = store.studies.add(solo(), owner="a", join=ALIVE)
    store.studies.add(solo(), owner="b", join=ALIVE)
    assert store.owners.leave(study, "a") == 1
    assert store.owners.of(study) == {"b"}
    assert store.owners.leave(study, "b") == 0
    assert store.owners.of_all([study, "nobody"]) == {study: {"b"}, "nobody": set()}


def test_lists_hold_the_studies_of_some_visitors_or_of_nobody(store: Store) -> None:
    mine, yours, nobodys = [store.studies.add(solo(seed=n), owner=owner) for n, owner in enumerate(["a", "b", ""])]
    assert [row.id for row in store.studies.list(owners=["a"])] == [mine]
    assert [row.id for row in store.studies.list(owners=["b", NOBODY])] == [nobodys, yours]
    assert [row.id for row in store.studies.list(kind="race")] == []
    assert len(store.studies.list(kind=store.studies.get(mine).kind)) == 3


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
