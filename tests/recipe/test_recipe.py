"""Recipes: what decides a result, what is refused, and what belongs together."""

from __future__ import annotations

from typing import Any

import pytest

from kd_core.errors import FeatureMissing, InvalidSetting, KDError, RecipeMismatch, TeacherMissing, UnknownName
from kd_core.methods.labels_only import LabelsOnly
from kd_core.methods.logit_mse import LogitMSE
from kd_core.methods.soft_targets import SoftTargets
from kd_core.protocols.mutual import Mutual
from kd_core.recipe import Recipe, Study
from kd_core.settings.search_space import Range
from tests.digits_recipes import DIGITS, OTHERS

TEACHER = {"data": {"source": "digits"}, "student": {"name": "mlp", "widths": [64, 64]}}
DISTILLED = Recipe.from_json(
    {
        "data": {"source": "digits", "labelled": 200},
        "student": {"name": "mlp", "widths": [12, 12]},
        "method": "soft_targets",
        "teacher": TEACHER,
    }
)


# Building


def test_bare_names_stand_for_members_with_their_defaults() -> None:
    recipe = Recipe.from_json({"data": {"source": "digits"}, "student": "mlp"})
    assert recipe.method == LabelsOnly() and recipe.teacher is None
    assert recipe.to_json()["protocol"] == {"name": "offline"}


def test_a_recipe_survives_storage() -> None:
    assert Recipe.from_json(DISTILLED.to_json()) == DISTILLED


def test_a_method_that_learns_from_a_teacher_needs_one() -> None:
    with pytest.raises(TeacherMissing, match="'soft_targets' learns from a teacher"):
        DISTILLED.changed({"teacher": None})


def test_teacher_and_student_look_at_the_same_dataset() -> None:
    with pytest.raises(RecipeMismatch, match="same dataset"):
        DISTILLED.changed({"teacher.data.source": "mnist"})


def test_a_method_that_needs_what_a_network_does_not_provide_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SoftTargets, "needs", frozenset({"attention"}))
    with pytest.raises(FeatureMissing, match="needs attention, which the network 'mlp' does not provide"):
        Recipe.from_json(DISTILLED.to_json())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("method.temperature", 0),
        ("method.temperature", "warm"),
        ("method.alpha", 0.5),
        ("method", "soft_target"),
        ("data.labelled", 0),
        ("data.label_noise", 1.5),
        ("data.dropped_classes", [-1]),
        ("data.source.size", 5),
        ("student.depth", 3),
        ("student.widths", [0]),
        ("optim.epochs", 0),
        ("optim.algorithm", "adagrad"),
        ("schedules.temperature.factor", 2),
        ("schedules.direction", "linear"),
        ("schedules.temprature", "linear"),
        ("teacher.optim.lr", -1),
        ("teacher.student.dropout", 1),
        ("seed", -1),
        ("colour", "red"),
        ("method.temperature.value", 3),
        ("teacher.teacher.seed", 1),
    ],
)
def test_what_cannot_be_is_refused_with_its_path(path: str, value: Any) -> None:
    recipe = DISTILLED.changed({"schedules.temperature": "exponential"})
    with pytest.raises(InvalidSetting) as refused:
        recipe.changed({path: value})
    told = str(refused.value.fields["path"])
    assert told == path or told.startswith(f"{path}."), told
    assert path in str(refused.value)


def test_the_sentence_names_the_range() -> None:
    with pytest.raises(InvalidSetting, match=r"'method\.temperature' cannot be 0: Input should be greater than 0\."):
        DISTILLED.changed({"method.temperature": 0})


def test_an_unknown_method_is_told_with_the_known_ones() -> None:
    with pytest.raises(InvalidSetting, match="soft_targets") as refused:
        DISTILLED.changed({"method": "magic"})
    assert "magic" in str(refused.value)


def test_every_refusal_is_something_a_person_can_put_right() -> None:
    assert all(issubclass(kind, KDError) for kind in (InvalidSetting, RecipeMismatch, TeacherMissing, UnknownName))


# Changing by a path


def test_paths_of_the_command_line() -> None:
    changes = {
        "data.labelled": 100,
        "data.label_noise": 0.2,
        "data.dropped_classes": [3],
        "method.temperature": 8,
        "method.teacher_weight": 0.5,
        "optim.epochs": 3,
        "student.width": 64,
        "teacher.optim.epochs": 2,
    }
    recipe = DISTILLED.changed(changes)
    assert (recipe.data.labelled, recipe.data.label_noise, recipe.data.dropped_classes) == (100, 0.2, (3,))
    assert recipe.method == SoftTargets(temperature=8, teacher_weight=0.5)
    assert recipe.to_json()["student"]["widths"] == [64, 64]
    assert recipe.optim.epochs == 3 and recipe.teacher is not None and recipe.teacher.optim.epochs == 2


def test_another_method_comes_with_its_own_defaults() -> None:
    assert DISTILLED.changed({"method.teacher_weight": 0.3}).changed({"method": "logit_mse"}).method == LogitMSE()


def test_a_schedule_is_set_and_taken_away_by_a_path() -> None:
    cooling = DISTILLED.changed({"schedules.temperature": {"name": "exponential", "factor": 0.95, "floor": 1}})
    assert cooling.schedules["temperature"].value(5, 1, 10) == pytest.approx(4.75)
    assert cooling.changed({"schedules.temperature": None}) == DISTILLED


def test_a_new_method_leaves_behind_the_schedules_that_it_lacks() -> None:
    cooling = DISTILLED.changed({"schedules.temperature": "exponential", "schedules.teacher_weight": "linear"})
    changed = cooling.changed({"method": "logit_mse"})
    assert changed.schedules.keys() == {"teacher_weight"}
    with pytest.raises(InvalidSetting, match="no setting 'temperature' that may be scheduled"):
        Recipe.from_json({**changed.to_json(), "schedules": {"temperature": {"name": "constant"}}})


@pytest.mark.parametrize("schedule", [("temperature", 0), ("teacher_weight", 5)])
def test_a_schedule_may_not_leave_the_range_of_its_setting(schedule: tuple[str, float]) -> None:
    name, end = schedule
    with pytest.raises(InvalidSetting, match=name):
        DISTILLED.changed({f"schedules.{name}": {"name": "linear", "end": end}})


def test_a_teacher_must_look_at_images_normalised_like_the_students() -> None:
    with pytest.raises(RecipeMismatch, match="same dataset"):
        DISTILLED.changed({"teacher.data.source.mean": [0.9]})


def test_differences_lead_back() -> None:
    changed = DISTILLED.changed({"method": "logit_mse", "optim.lr": 0.01, "teacher.seed": 4})
    assert changed.differences(DISTILLED).keys() == {"method", "optim.lr", "teacher.seed"}
    assert DISTILLED.changed(changed.differences(DISTILLED)) == changed


def test_a_protocol_can_be_named_and_set_in_one_go() -> None:
    assert DIGITS.changed({"protocol": "mutual", "protocol.networks": 3}).protocol == Mutual(networks=3)


# Fingerprints


def test_equal_recipes_have_equal_fingerprints() -> None:
    spelled_out = DISTILLED.changed({"method.temperature": 4.0, "data.dropped_classes": [], "student.width": 12})
    assert spelled_out.fingerprint() == DISTILLED.fingerprint()


@pytest.mark.parametrize(
    "change",
    [
        {"method.temperature": 4.1},
        {"method": "logit_mse"},
        {"data.labelled": 201},
        {"data.source.mean": [0.3]},
        {"student.widths": [12, 13]},
        {"optim.batch": 65},
        {"schedules.temperature": "linear"},
        {"teacher.seed": 1},
        {"seed": 1},
    ],
    ids=str,
)
def test_any_difference_changes_the_fingerprint(change: dict[str, Any]) -> None:
    assert DISTILLED.changed(change).fingerprint() != DISTILLED.fingerprint()


def test_settings_that_came_later_leave_old_fingerprints_as_they_were() -> None:
    told = DIGITS.to_json()
    assert "others" not in told and "question" not in told["data"] and "question" not in told["teacher"]["data"]
    assert "others" in DIGITS.changed({"others": OTHERS}).to_json()
    assert type(DIGITS).from_json(told) == DIGITS


# Arms and seeds


def test_a_seed_moves_the_teacher_too() -> None:
    moved = DISTILLED.seeded(7)
    assert moved.seed == 7 and moved.teacher is not None and moved.teacher.seed == 7
    assert moved.seeded(0) == DISTILLED


def test_alone_differs_from_distilled_in_method_and_teacher_only() -> None:
    alone = DISTILLED.changed({"schedules.temperature": "linear"}).baseline()
    assert alone.differences(DISTILLED).keys() == {"method", "teacher"}
    assert alone.teacher is None and alone.method == LabelsOnly()


def test_a_baseline_is_shared_by_all_cells_of_a_sweep() -> None:
    study = Study.sweep(DISTILLED, {"method.temperature": [1, 4, 8]}, seeds=2)
    by_arm = {arm: {m.recipe.fingerprint() for m in study.members if m.arm == arm} for arm in ("alone", "distilled")}
    assert len(by_arm["alone"]) == 2 and len(by_arm["distilled"]) == 6


def test_a_race_has_three_arms_a_seed_and_teachers_come_first() -> None:
    study = Study.race(DISTILLED, seeds=3, preset="digits")
    assert [member.arm for member in study.members] == ["teacher", "alone", "distilled"] * 3
    for seed in range(3):
        teacher, alone, distilled = study.members[3 * seed : 3 * seed + 3]
        assert distilled.recipe.teacher == teacher.recipe
        assert {member.recipe.seed for member in (teacher, alone, distilled)} == {seed}


def test_a_race_needs_a_teacher() -> None:
    with pytest.raises(RecipeMismatch, match="needs a teacher"):
        Study.race(DISTILLED.baseline())


def test_a_teacher_that_nobody_listens_to_is_not_part_of_the_recipe() -> None:
    smoothed = DISTILLED.changed({"method": "label_smoothing"})
    distilled = Study.race(smoothed).members[2].recipe
    assert distilled.teacher is None and distilled.method.to_json()["name"] == "label_smoothing"


def test_a_sweep_has_every_cell_of_the_grid() -> None:
    axes = {"method.temperature": [1, 4], "method.teacher_weight": [0.1, 0.5, 0.9]}
    study = Study.sweep(DISTILLED, axes)
    cells = [member.cell for member in study.members if member.arm == "distilled"]
    assert len(cells) == 6 and cells[0] == {"method.temperature": 1, "method.teacher_weight": 0.1}
    for member in study.members:
        if member.arm == "distilled":
            assert member.recipe.changed(member.cell) == member.recipe


def test_a_sweep_over_a_wrong_value_or_no_value_is_refused() -> None:
    with pytest.raises(InvalidSetting, match=r"method\.temperature"):
        Study.sweep(DISTILLED, {"method.temperature": [1, -1]})
    with pytest.raises(InvalidSetting, match="at least one value"):
        Study.sweep(DISTILLED, {"method.temperature": []})


def test_a_study_survives_storage() -> None:
    study = Study.sweep(DISTILLED, {"optim.epochs": [1, 2], "student.width": [8]})
    assert Study.from_json(study.to_json()) == study


def test_a_sweep_is_stored_as_its_base_and_cells_and_read_back_with_every_member() -> None:
    study = Study.sweep(DISTILLED, {"method.temperature": [1, 4], "optim.lr": [0.01, 0.1]}, seeds=2)
    told = study.to_json()
    assert "members" not in told and len(told["cells"]) == 4
    assert Study.from_json(told) == study
    assert len(study.members) == 4 * 2 * 3


def test_a_random_sweep_draws_cells_from_ranges_and_values() -> None:
    axes = {"method.temperature": Range(1, 20, log=True), "method.teacher_weight": [0.5, 0.9]}
    study = Study.sweep(DISTILLED, axes, random=5)
    assert len(study.cells) == 5
    assert {cell["method.teacher_weight"] for cell in study.cells} <= {0.5, 0.9}
    assert set(study.axes["method.temperature"]) == {cell["method.temperature"] for cell in study.cells}


# Forks


def test_a_fork_is_trained_as_its_parent_until_it_leaves_and_names_it_by_its_fingerprint() -> None:
    parent = DIGITS
    child = parent.forked(7, {"method.temperature": 8.0})
    assert child.fork is not None and child.fork.parent == parent.fingerprint()
    assert [child.in_epoch(epoch).method.to_json()["temperature"] for epoch in (0, 6, 7, 59)] == [4.0, 4.0, 8.0, 8.0]
    assert Recipe.from_json(child.to_json()) == child
    assert "fork" not in parent.to_json()
    assert child.baseline() == parent.baseline()


def test_what_does_not_move_in_mid_run_is_the_parents_too_and_seeds_fork_alike() -> None:
    child = DIGITS.forked(7, {"method.temperature": 8.0}).forked(9, {"method.teacher_weight": 0.5})
    other = child.changed({"optim.epochs": 99, "method.temperature": 2.0, "data.label_noise": 0.1})
    chain = [other]
    while chain[-1].fork is not None:
        chain.append(chain[-1].fork.recipe)
    assert [(one.optim.epochs, one.data.label_noise) for one in chain] == [(99, 0.1)] * 3
    assert [one.method.to_json()["temperature"] for one in chain] == [2.0, 8.0, 4.0]
    seeds = [one.seed for one in (child.seeded(3), child.seeded(3).in_epoch(8), child.seeded(3).in_epoch(0))]
    assert seeds == [3, 3, 3]
    assert Recipe.from_json(child.seeded(3).to_json()) == child.seeded(3)


@pytest.mark.parametrize(
    ("epoch", "changes", "reason"),
    [
        (0, {}, "greater than or equal to 1"),
        (60, {}, "after 1 to 59 epochs"),
        (7, {"optim.batch": 8}, r"'optim\.batch' is not the parent's"),
        (7, {"student.widths": [9, 9]}, r"'student\.widths' is not the parent's"),
        (7, {"schedules.temperature": "linear"}, "is not the parent's"),
        (7, {"method.temperature": -1}, "greater than 0"),
        (7, {"fork.parent": "0" * 16}, "has the fingerprint"),
    ],
)
def test_what_is_no_fork_is_refused(epoch: int, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises((InvalidSetting, RecipeMismatch), match=reason):
        DIGITS.forked(epoch, changes)


def test_a_fork_of_a_fork_cannot_go_back_before_it() -> None:
    with pytest.raises(InvalidSetting, match="after 7 to 59 epochs"):
        DIGITS.forked(7, {}).forked(6, {})


@pytest.mark.parametrize("protocol", ["chain", "mutual", "federated"])
def test_a_protocol_of_several_networks_cannot_be_forked(protocol: str) -> None:
    recipe = DIGITS.changed({"protocol": protocol})
    with pytest.raises(RecipeMismatch, match="several networks"):
        recipe.forked(7, {"method.temperature": 8.0})


def test_a_map_cannot_be_forked() -> None:
    study = Study.sweep(DIGITS, {"method.temperature": [1, 4]})
    with pytest.raises(RecipeMismatch, match="Only a race"):
        study.forked(3, {})
