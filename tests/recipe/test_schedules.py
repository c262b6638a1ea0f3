"""How settings move over the epochs, by hand calculation."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from kd_core.errors import InvalidSetting
from kd_core.recipe.schedules import (
    AnySchedule,
    Between,
    Constant,
    Cosine,
    Exponential,
    Linear,
    OnPlateau,
    Schedule,
    WarmUp,
)
from tests.digits_recipes import DIGITS

ALL: list[Schedule] = [Constant(), Linear(end=1), Cosine(end=1), Exponential(factor=0.5, floor=1)]
STAGES: list[Schedule] = [WarmUp(epochs=4), Between(begin=0.3, end=0.6), OnPlateau()]
each = pytest.mark.parametrize("schedule", ALL, ids=lambda schedule: schedule.name)


@each
def test_every_schedule_but_a_stage_begins_with_the_setting(schedule: Schedule) -> None:
    assert schedule.value(5.0, 0, 10) == pytest.approx(5.0)


@each
def test_one_epoch_is_enough(schedule: Schedule) -> None:
    assert schedule.value(5.0, 0, 1) == pytest.approx(5.0)


@pytest.mark.parametrize("schedule", ALL + STAGES, ids=lambda schedule: schedule.name)
def test_a_schedule_survives_storage(schedule: Schedule) -> None:
    assert type(schedule).from_json(schedule.to_json()) == schedule


def test_a_constant_stays() -> None:
    assert [Constant().value(3.0, epoch, 5) for epoch in range(5)] == [3.0] * 5


def test_linear_moves_in_equal_steps_and_arrives() -> None:
    assert [Linear(end=1).value(5.0, epoch, 5) for epoch in range(5)] == pytest.approx([5, 4, 3, 2, 1])


def test_cosine_is_halfway_in_the_middle_and_arrives() -> None:
    found = [Cosine(end=1).value(5.0, epoch, 5) for epoch in range(5)]
    assert found == pytest.approx([5, 3 + 2**0.5, 3, 3 - 2**0.5, 1])


def test_five_cools_by_five_percent_an_epoch_and_never_falls_below_one() -> None:
    cooling = Exponential(factor=0.95, floor=1)
    assert [cooling.value(5.0, epoch, 10) for epoch in range(4)] == pytest.approx([5, 4.75, 4.5125, 4.286875])
    assert cooling.value(5.0, 31, 100) == pytest.approx(5 * 0.95**31) and cooling.value(5.0, 31, 100) > 1
    assert cooling.value(5.0, 32, 100) == 1.0


def test_a_schedule_is_chosen_by_its_name() -> None:
    any_schedule: TypeAdapter[Schedule] = TypeAdapter(AnySchedule)
    assert any_schedule.validate_python("linear") == Linear()
    assert any_schedule.validate_python({"name": "cosine", "end": 2}) == Cosine(end=2)
    with pytest.raises(ValidationError, match="sawtooth"):
        any_schedule.validate_python("sawtooth")


def test_a_factor_above_one_is_refused() -> None:
    with pytest.raises(ValidationError):
        Exponential(factor=1.1)


def test_a_warm_up_rises_and_stays() -> None:
    assert [WarmUp(epochs=4).value(8.0, epoch, 6) for epoch in range(6)] == pytest.approx([2, 4, 6, 8, 8, 8])


def test_a_stage_counts_inside_it_and_is_nothing_outside() -> None:
    assert [Between(begin=0.3, end=0.6).value(5.0, epoch, 10) for epoch in range(10)] == [0] * 3 + [5.0] * 3 + [0] * 4


def test_stages_that_follow_each_other_share_no_epoch_and_leave_none_out() -> None:
    for epochs in (1, 2, 3, 7, 10, 60):
        for share in (0.0, 0.25, 0.3, 0.5, 1.0):
            first, second = Between(end=share), Between(begin=share)
            assert all((first.value(1, e, epochs) + second.value(1, e, epochs)) == 1 for e in range(epochs))


def test_on_a_plateau_of_the_students_accuracy_the_value_falls() -> None:
    rule = OnPlateau(factor=0.5, patience=2, limit=1.5)
    marks = [0.5, 0.6, 0.6, 0.59, 0.7, 0.7, 0.7, 0.7, 0.7]
    assert [rule.value(8.0, epoch, 9, marks[:epoch]) for epoch in range(10)] == [8, 8, 8, 8, 4, 4, 4, 2, 2, 1.5]


def test_on_a_plateau_a_weight_may_rise_up_to_its_limit() -> None:
    rule = OnPlateau(factor=2, patience=1, limit=0.9)
    assert [rule.value(0.3, epoch, 4, [0.5] * epoch) for epoch in range(4)] == pytest.approx([0.3, 0.3, 0.6, 0.9])
    assert OnPlateau(factor=2, limit=0.9).extremes(0.3, 10) == (0.3, 0.9)


def test_a_schedule_needs_a_number_to_start_from() -> None:
    with pytest.raises(InvalidSetting, match=r"schedules.label_weight.*method.label_weight is empty"):
        DIGITS.changed({"schedules.label_weight": "linear"})
    assert DIGITS.changed({"method.label_weight": 1, "schedules.label_weight": "linear"}).schedules
