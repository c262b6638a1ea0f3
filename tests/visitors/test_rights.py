"""What visitors may do with studies: their own, somebody else's, and those of several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kd_core import jobs
from kd_core.errors import LecturerOnly, NotYours, RunUnknown, SharedStudy
from kd_core.store import Store
from kd_core.visitors import COMMAND_LINE, Visitor, describe, may_change, owns, remove, set_limit
from kd_core.vocabulary import ALIVE
from tests.small_studies import DATA, solo

ANN, BEN, LECTURER = Visitor("ann"), Visitor("ben"), Visitor("lou", oversees=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "home")
    yield made
    made.close()


def acts(store: Store, study: str, by: Visitor) -> list[Callable[[], object]]:
    return [
        lambda: jobs.stop(store, study, by),
        lambda: jobs.resume(store, study, DATA, by),
        lambda: describe(store, study, by, name="mine now"),
        lambda: describe(store, study, by, note="mine now"),
        lambda: describe(store, study, by, keep=True),
        lambda: remove(store, study, by),
    ]


@pytest.mark.parametrize("status", ["queued", "running", "stopped", "done", "lost"])
@pytest.mark.parametrize("owner", ["ann", ""])
def test_whoever_does_not_own_a_study_changes_nothing_of_it(store: Store, owner: str, status: str) -> None:
    study = store.studies.add(solo(), owner=owner, status=status)
    before = store.studies.get(study)
    for act in acts(store, study, BEN):
        with pytest.raises(NotYours):
            act()
    assert store.studies.get(study) == before
    assert (owns(store, study, BEN), may_change(store, study, BEN)) == (False, False)


@pytest.mark.parametrize("by", [LECTURER, COMMAND_LINE])
def test_the_lecturer_and_the_command_line_may_change_everybodys(store: Store, by: Visitor) -> None:
    study = store.studies.add(solo(), owner="ann")
    describe(store, study, by, name="looked at", keep=False)
    jobs.stop(store, study, by)
    assert (store.studies.get(study).name, store.studies.get(study).status) == ("looked at", "stopped")
    assert not owns(store, study, by)
    remove(store, study, by)
    assert store.studies.list() == []


def test_studies_of_the_command_line_and_of_earlier_versions_are_the_lecturers(store: Store) -> None:
    study = store.studies.add(solo())
    assert owns(store, study, LECTURER)
    assert not owns(store, study, ANN)


def test_a_shared_study_ends_for_one_who_leaves_and_for_all_with_the_last(store: Store) -> None:
    study = store.studies.add(solo(), owner="ann", join=ALIVE)
    store.studies.add(solo(), owner="ben", join=ALIVE)
    jobs.stop(store, study, ANN)
    assert store.studies.get(study).status == "queued"
    assert (owns(store, study, ANN), owns(store, study, BEN)) == (False, True)
    with pytest.raises(NotYours):
        jobs.stop(store, study, ANN)
    jobs.stop(store, study, BEN)
    assert store.studies.get(study).status == "stopped"
    assert owns(store, study, BEN)


def test_a_shared_study_ends_for_all_when_the_lecturer_ends_it(store: Store) -> None:
    study = store.studies.add(solo(), owner="ann", join=ALIVE)
    store.studies.add(solo(), owner="lou", join=ALIVE)
    jobs.stop(store, study, LECTURER)
    assert store.studies.get(study).status == "stopped"


def test_a_shared_study_is_renamed_by_the_lecturer_only_and_deleted_by_the_last(store: Store) -> None:
    study = store.studies.add(solo(), owner="ann", join=ALIVE)
    store.studies.add(solo(), owner="ben", join=ALIVE)
    store.studies.end(study, "done")
    with pytest.raises(SharedStudy, match="2 people"):
        describe(store, study, ANN, name="mine")
    describe(store, study, LECTURER, name="ours")
    remove(store, study, ANN)
    assert store.studies.get(study).name == "ours"
    remove(store, study, BEN)
    with pytest.raises(RunUnknown):
        store.studies.get(study)


def test_unknown_studies_are_told_to_anybody(store: Store) -> None:
    for visitor in (ANN, LECTURER):
        for act in acts(store, "nobody", visitor):
            with pytest.raises(RunUnknown):
                act()


def test_what_concerns_everybody_is_the_lecturers(store: Store) -> None:
    set_limit(store, 5_000_000, LECTURER)
    with pytest.raises(LecturerOnly):
        set_limit(store, 1, ANN)
    assert store.limit == 5_000_000
