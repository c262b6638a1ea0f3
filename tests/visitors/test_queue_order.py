"""Whose turn it is, and how long a study waits: orders and times worked out by hand."""

from __future__ import annotations

from kd_core.store import AliveRow
from kd_core.visitors import in_turn, seconds_until


def waiting(study: str, number: int, *owners: str, estimate: float | None = 10.0) -> AliveRow:
    return AliveRow(study, number, "queued", None, estimate, frozenset(owners))


def running(study: str, *owners: str, started: float = 100.0, estimate: float | None = 10.0) -> AliveRow:
    return AliveRow(study, 0, "running", started, estimate, frozenset(owners))


def order(alive: list[AliveRow], **last_served: float) -> str:
    return " ".join(row.id for row in in_turn(alive, last_served))


def test_alone_studies_begin_in_the_order_of_asking() -> None:
    assert order([waiting("a2", 2, "a"), waiting("a1", 1, "a"), waiting("a3", 3, "a")]) == "a1 a2 a3"


def test_everybodys_first_comes_before_anybodys_second() -> None:
    asked = [waiting("a1", 1, "a"), waiting("a2", 2, "a"), waiting("a3", 3, "a"), waiting("b1", 4, "b")]
    assert order([*asked, waiting("b2", 5, "b"), waiting("c1", 6, "c")]) == "a1 b1 c1 a2 b2 a3"


def test_a_study_that_runs_counts_as_its_visitors_first() -> None:
    assert order([running("a0", "a"), waiting("a1", 1, "a"), waiting("b1", 2, "b")], a=100.0) == "b1 a1"


def test_between_two_visitors_the_one_served_longest_ago_is_next() -> None:
    asked = [waiting("a2", 2, "a"), waiting("b1", 3, "b"), waiting("c1", 4, "c")]
    assert order(asked, a=50.0, b=20.0) == "c1 b1 a2"


def test_a_shared_study_has_the_best_place_of_its_visitors() -> None:
    asked = [waiting("a1", 1, "a"), waiting("a2", 2, "a"), waiting("shared", 3, "a", "b"), waiting("c1", 4, "c")]
    assert order(asked) == "a1 shared c1 a2"


def test_studies_without_owner_are_those_of_one_visitor() -> None:
    assert order([waiting("n1", 1), waiting("n2", 2), waiting("a1", 3, "a")]) == "n1 a1 n2"


def test_a_study_waits_for_the_first_place_that_becomes_free() -> None:
    one, two = running("x", started=100.0, estimate=10.0), running("y", started=104.0, estimate=20.0)
    queue = [waiting("a", 1, estimate=3.0), waiting("b", 2, estimate=30.0), waiting("c", 3)]
    now = 106.0  # x has 4 seconds left, y 18
    assert seconds_until(queue, [one, two], slots=2, now=now) == {"a": 4.0, "b": 7.0, "c": 18.0}


def test_a_free_place_is_waited_for_no_time_at_all() -> None:
    assert seconds_until([waiting("a", 1)], [running("x")], slots=2, now=101.0) == {"a": 0.0}


def test_one_that_takes_longer_than_thought_is_about_to_end() -> None:
    late = running("x", started=0.0, estimate=5.0)
    assert seconds_until([waiting("a", 1)], [late], slots=1, now=101.0) == {"a": 0.0}


def test_nobody_knows_when_every_place_before_is_held_by_one_that_does_not_say_how_long_it_takes() -> None:
    queue = [waiting("a", 1, estimate=None), waiting("b", 2)]
    assert seconds_until(queue, [], slots=1, now=0.0) == {"a": 0.0, "b": None}
    assert seconds_until(queue, [], slots=2, now=0.0) == {"a": 0.0, "b": 0.0}
    assert seconds_until(queue, [running("x", estimate=None)], slots=1, now=0.0) == {"a": None, "b": None}
    assert seconds_until([], [running("x")], slots=1, now=0.0) == {}
