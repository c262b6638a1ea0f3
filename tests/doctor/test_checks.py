"""Every check on cases made by hand: what it finds, what it does not, and what is missing."""

from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np
import pytest

from kd_core.doctor import Case, Cause, Curve, Evidence, Finding, diagnose, diagnose_study
from kd_core.doctor.diagnosis import CHECKS, merged
from kd_core.doctor.judging import few_test_images, one_seed
from kd_core.doctor.learning import budget, learning_rate_high, learning_rate_low, student_small
from kd_core.doctor.objective import extreme_temperature, extreme_weight, idle_term, t2_off, untuned
from kd_core.doctor.teaching import student_large, teacher_overconfident, teacher_weak
from kd_core.errors import DataUnusable, Reason, RunBusy, RunUnknown
from kd_core.recipe import Study
from kd_core.recipe.presets import PRESETS
from kd_core.results import verdict
from kd_core.store import Store

CALM = tuple(2.3 * 0.8**epoch for epoch in range(40))
"""A loss that comes to rest near 0."""
STUCK = tuple(1.6 + 0.7 * 0.7**epoch for epoch in range(40))
FALLING = tuple(2.3 - 0.02 * epoch for epoch in range(20))
WORSE, BETTER, EVEN = verdict([0.8, 0.82], [0.9, 0.91]), verdict([0.95, 0.96], [0.9, 0.91]), verdict([0.9], [0.9])


def recipe(**changes: Any) -> dict[str, Any]:
    """The digits preset's recipe as JSON; ``changes`` are paths with ``__`` for the dot."""
    return (
        PRESETS["digits"].recipe.changed({path.replace("__", "."): value for path, value in changes.items()}).to_json()
    )


def case(changes: dict[str, Any] | None = None, **fields: Any) -> Case:
    """A case in which nothing is amiss, with some fields of its own."""
    usual: dict[str, Any] = {
        "verdict": WORSE,
        "accuracy": {"teacher": (0.98, 0.98), "alone": (0.9, 0.91), "distilled": (0.8, 0.82)},
        "curves": {arm: Curve((CALM,), ((0.9,) * 40,)) for arm in ("teacher", "alone", "distilled")},
        "parameters": {"teacher": 85_000, "alone": 1_066, "distilled": 1_066},
        "shares": {"labels": 0.1, "teacher": 0.9},
        "terms": frozenset({"labels", "teacher"}),
        "classes": 10,
        "test_images": 600,
        "test_set_ci95_pp": (-11.0, -8.0),
        "teacher_logits": np.eye(10, dtype=np.float32)[np.arange(40) % 10] * 6,
    }
    return Case(recipe(**(changes or {})), **{**usual, **fields})


def test_every_cause_has_its_check_and_a_case_without_fault_has_none() -> None:
    assert {check.__name__ for check in CHECKS} == set(get_args(Cause))
    assert diagnose(case()) == []


@pytest.mark.parametrize("taught", [True, False])
def test_a_case_of_which_nothing_is_known_has_no_findings(taught: bool) -> None:
    known = recipe() if taught else {**recipe(), "teacher": None}
    assert diagnose(Case(known)) == []


def test_the_pace_of_a_straight_line_is_one_and_at_rest_it_is_zero() -> None:
    assert Curve((FALLING,)).pace == pytest.approx(1)
    assert Curve(((2.0, 1.0, 1.0, 1.0, 1.0),)).pace == 0
    assert math.isnan(Curve(((2.0,),)).pace)
    # Rises of 1 in two of four epochs, over a first value of 2: .25 an epoch; the middle one of three seeds counts.
    assert Curve(((2.0, 1.0, 2.0, 1.0, 2.0), (2.0, 2.0), (1.0, 9.0))).roughness == pytest.approx(0.25)


def test_a_loss_that_still_falls_is_a_short_budget_and_one_at_rest_a_small_student() -> None:
    falling, stuck = (case(curves={"alone": Curve((losses,))}) for losses in (FALLING, STUCK))
    assert budget(falling) and not student_small(falling)
    assert student_small(stuck) and not budget(stuck)
    # 1.6 of ln 10 nats is left; what is left in the last quarter is within a thousandth of it.
    assert student_small(stuck).explains == pytest.approx(1.6 / math.log(10), abs=1e-3)


def test_label_noise_leaves_a_loss_that_no_student_could_learn() -> None:
    noisy = case({"data__label_noise": 0.6}, curves={"alone": Curve((STUCK,))})
    assert student_small(noisy) is None


def test_a_low_rate_is_told_instead_of_a_short_budget() -> None:
    slow = case({"optim__lr": 1e-5}, curves={"alone": Curve((FALLING,))})
    found = learning_rate_low(slow)
    assert found and found.experiment == {"optim.lr": 0.003}
    assert budget(slow) is None
    # With SGD the usual rate is fifty times as high.
    slow = case({"optim__lr": 0.001, "optim__algorithm": "sgd"}, curves={"alone": Curve((FALLING,))})
    assert learning_rate_low(slow)


def test_a_loss_that_jumps_or_was_driven_above_a_guess_is_a_high_rate() -> None:
    jumping = Curve((tuple(2.0 if epoch % 2 else 1.0 for epoch in range(20)),))
    driven = Curve(((70.0, *(2.4,) * 19),))
    for curve in (jumping, driven):
        found = learning_rate_high(case({"optim__lr": 1.0}, curves={"alone": curve}))
        assert found and found.experiment["optim.lr"] < 1
    assert learning_rate_high(case({"optim__lr": 1e-4}, curves={"alone": jumping})) is None


def test_a_student_of_made_up_images_has_a_rough_loss_and_no_labels_by_its_nature() -> None:
    jumping = Curve((tuple(2.0 if epoch % 2 else 1.0 for epoch in range(20)),))
    curves = {"alone": Curve((CALM,)), "distilled": jumping}
    facts: dict[str, Any] = {"curves": curves, "terms": frozenset({"teacher"})}
    assert learning_rate_high(case(**facts))
    assert diagnose(case({"protocol": "data_free", "method__teacher_weight": 1.0}, **facts)) == []


def test_a_network_that_broke_down_is_a_high_rate_without_any_curve() -> None:
    broken = case(
        {"method": "hints"},
        verdict=None,
        accuracy={},
        curves={},
        shares={},
        terms=frozenset(),
        diverged=frozenset({"distilled"}),
    )
    assert [finding.cause for finding in diagnose(broken)] == ["learning_rate_high"]


def test_curves_about_to_cross_call_for_patience_unless_the_student_is_better() -> None:
    alone = Curve((CALM,), ((0.9,) * 40,))
    closing = Curve((CALM,), ((0.8,) * 20 + (0.82,) * 10 + (0.86,) * 10,))
    curves = {"alone": alone, "distilled": closing}
    found = budget(case(curves=curves))
    assert found and isinstance(found.sentence, Reason) and found.sentence.code == "doctor_crossing"
    assert found.sentence.fields["rise"] == "4.0"
    assert budget(case(curves=curves, verdict=BETTER)) is None


def test_a_teacher_is_weak_from_nine_tenths_of_the_errors_on() -> None:
    students = {"alone": (0.9,), "distilled": (0.9,)}
    assert teacher_weak(case(accuracy={"teacher": (0.92,), **students})) is None
    equal = teacher_weak(case(accuracy={"teacher": (0.9,), **students}))
    worst = teacher_weak(case(accuracy={"teacher": (0.1,), **students}))
    assert equal and equal.explains == 0.5
    assert worst and worst.explains == pytest.approx(0.95)  # a guess
    assert teacher_weak(case(accuracy={"teacher": (float("nan"),), **students})) is None


def test_what_a_teacher_lacked_is_what_its_experiment_gives() -> None:
    accuracy = {"teacher": (0.5,), "alone": (0.9,), "distilled": (0.6,)}
    changes = {"teacher__data__label_noise": 0.4, "teacher__data__labelled": 20, "teacher__optim__lr": 1e-7}
    found = teacher_weak(case(changes, accuracy=accuracy))
    assert found and found.experiment == {
        "teacher.data.label_noise": 0.0,
        "teacher.data.labelled": None,
        "teacher.optim.lr": 0.003,
    }
    sound = teacher_weak(case(accuracy=accuracy))
    assert sound and sound.experiment == {"teacher.student.widths": [512, 512]}


def test_a_certain_teacher_is_told_with_the_first_temperature_that_says_more() -> None:
    # Logits of 12 against nine times 0: p = 1 / (1 + 9 e^-12), entropy about 9 e^-12 (12 + 1) = .00072 nats.
    certain = case({"method__temperature": 1.0}, teacher_logits=np.eye(10, dtype=np.float32) * 12)
    found = teacher_overconfident(certain)
    assert found and found.evidence.numbers["teacher"] == pytest.approx(9 * math.exp(-12) * 13, rel=1e-3)
    assert found.experiment == {"method.temperature": 4.0}  # at 2 it is .162 nats, at 4 1.53 of 2.30
    assert teacher_overconfident(case({"method__temperature": 4.0})) is None
    broken = np.full((4, 10), np.nan, np.float32)
    assert teacher_overconfident(case({"method__temperature": 1.0}, teacher_logits=broken)) is None


def test_t2_explains_what_it_costs() -> None:
    off = {"method__scale_by_t2": False}
    found = t2_off(case({**off, "method__temperature": 20.0}))
    assert found and found.explains == pytest.approx(1 - 1 / 400)
    assert found.experiment == {"method.scale_by_t2": True}
    assert t2_off(case({**off, "method__temperature": 1.0})) is None
    assert t2_off(case({**off, "method__temperature": 20.0, "method__teacher_weight": 0.0})) is None


def test_a_term_with_a_weight_and_no_gradient_is_idle_and_one_without_weight_is_not() -> None:
    shares = {"labels": 0.999, "teacher": 0.001}
    averaged = idle_term(case({"method__mean_over_classes": True}, shares=shares))
    assert averaged and averaged.experiment == {"method.mean_over_classes": False}
    assert idle_term(case(shares={"labels": 1.0, "teacher": 0.0}, silent=frozenset({"teacher"}))) is None
    assert idle_term(case(shares={"labels": 1.0})) is None


def test_an_untuned_weight_is_balanced() -> None:
    shares, terms = {"labels": 0.01, "hint": 0.99}, frozenset({"labels", "hint"})
    found = untuned(case({"method": "hints"}, shares=shares, terms=terms))
    assert found and found.experiment == {"method.weight": 1.0}  # 100 * .01 / .99
    assert untuned(case({"method": "hints"}, shares={"labels": 0.3, "hint": 0.7}, terms=terms)) is None
    assert untuned(case({"method": "hints"}, shares=shares, terms=terms, verdict=BETTER)) is None


def test_a_full_weight_explains_more_than_the_bad_teacher_it_trusts() -> None:
    accuracy = {"teacher": (0.1,), "alone": (0.9,), "distilled": (0.1,)}
    full = case({"method__teacher_weight": 1.0}, accuracy=accuracy, silent=frozenset({"labels"}))
    assert [finding.cause for finding in diagnose(full)] == ["extreme_weight", "teacher_weak"]
    none = extreme_weight(case({"method__teacher_weight": 0.0}, silent=frozenset({"teacher"})))
    assert none and none.sentence.code == "doctor_weight_zero"
    # Its terms have weights of their own: a teacher weight of 0 adds no soft targets and takes nothing away.
    own = frozenset({"labels", "target", "others"})
    assert extreme_weight(case({"method": "decoupled"}, terms=own, shares={})) is None


def test_a_temperature_below_one_or_without_end_is_extreme() -> None:
    assert extreme_temperature(case({"method__temperature": 0.5}))
    flat = extreme_temperature(case({"method__temperature": 500.0}))
    assert flat and flat.sentence.code == "doctor_temperature_high"
    assert extreme_temperature(case({"method__temperature": 4.0})) is None
    # A teacher that says nothing at T = 1 is not flattened by the temperature.
    assert extreme_temperature(case({"method__temperature": 500.0}, teacher_logits=np.zeros((4, 10)))) is None


def test_a_student_as_large_as_its_teacher_is_told_for_one_fixed_teacher_alone() -> None:
    parameters = {"teacher": 1000, "alone": 800, "distilled": 800}
    found = student_large(case(parameters=parameters))
    assert found and found.experiment == {"student.widths": [3, 3]}
    assert student_large(case(parameters={**parameters, "distilled": 799})) is None
    assert student_large(case({"protocol": "mutual", "others": [{"name": "mlp"}]}, parameters=parameters)) is None


def test_test_images_are_few_where_others_could_turn_the_difference_around() -> None:
    claimed = verdict([0.92, 0.92], [0.91, 0.91])
    wide = few_test_images(case(verdict=claimed, test_set_ci95_pp=(-1.0, 3.0)))
    assert wide and wide.explains == pytest.approx(2 / (2 + 1) * 300 / 600)
    assert few_test_images(case(verdict=claimed, test_set_ci95_pp=(0.5, 1.5))) is None  # half a point to either side
    sure = few_test_images(case(verdict=claimed, test_set_ci95_pp=(0.5, 1.5), test_images=50))
    assert sure and sure.explains == 0.5
    assert few_test_images(case(test_set_ci95_pp=None)) is None


def test_one_seed_is_told_and_two_are_not() -> None:
    assert one_seed(case()) is None
    found = one_seed(case(verdict=EVEN))
    assert found and found.experiment == {"seeds": 5}


def test_over_many_cells_a_cause_is_told_once_and_explains_what_it_does_in_a_mean_cell() -> None:
    def finding(cause: Cause, explains: float) -> Finding:
        return Finding(cause, Reason("doctor_test", "seen"), Evidence("rate", "times"), {}, explains)

    cells = [({"T": 1}, [finding("budget", 0.2), finding("untuned", 0.9)]), ({"T": 2}, [finding("budget", 0.8)])]
    together = merged([*cells, ({"T": 4}, [])])
    assert [(one.cause, one.explains) for one in together] == [("budget", pytest.approx(1 / 3)), ("untuned", 0.3)]
    assert together[0].cells == ({"T": 2}, {"T": 1})  # the clearest first
    assert together[0].to_json()["cells"] == [{"T": 2}, {"T": 1}]


def test_a_study_that_waits_is_unknown_or_has_no_student_is_refused_with_a_sentence(tmp_path: Any) -> None:
    store = Store(tmp_path)
    with pytest.raises(RunUnknown):
        diagnose_study(store, "0000")
    study = store.studies.add(Study.race(PRESETS["digits"].recipe, 1, "digits"))
    with pytest.raises(RunBusy):
        diagnose_study(store, study)
    store.studies.update(study, status="stopped")
    with pytest.raises(DataUnusable, match="no student of it came to its end"):
        diagnose_study(store, study)
