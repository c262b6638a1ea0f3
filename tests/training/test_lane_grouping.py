"""Lane groups: what may train together, and how much of it at once."""

from __future__ import annotations

from typing import Any

from kd_core.recipe import Recipe, Study
from kd_core.recipe.presets import PRESETS
from kd_core.training.lanes.grouping import bytes_of_lane, fit_memory, group_by_lane_key, lane_key, why_solo

DIGITS = PRESETS["digits"].recipe


def changed(**changes: Any) -> Recipe:
    return DIGITS.changed({name.replace("__", "."): value for name, value in changes.items()})


def test_seeds_temperatures_weights_rates_decay_and_noise_may_differ_between_lanes() -> None:
    for other in (
        DIGITS.seeded(3),
        changed(method__temperature=9, method__teacher_weight=0.2),
        changed(optim__lr=0.1, optim__weight_decay=0.01),
        changed(data__label_noise=0.3),
    ):
        assert lane_key(other) == lane_key(DIGITS)


def test_other_shapes_data_epochs_methods_and_teachers_may_not() -> None:
    for other in (
        changed(student__width=8),
        changed(data__labelled=100),
        changed(optim__epochs=3),
        changed(method="soft_cross_entropy"),
        changed(teacher__optim__epochs=2),
        changed(method__label_weight=0.3),  # from free to set: the formula has another branch
        DIGITS.baseline(),
    ):
        assert lane_key(other) != lane_key(DIGITS)


def test_a_convolutional_network_goes_alone_and_says_why() -> None:
    assert why_solo(DIGITS) == ""
    assert why_solo(PRESETS["resnet50-mobilenet"].recipe) == "network"


def test_a_sweep_is_one_grid_of_seeds_by_settings() -> None:
    study = Study.sweep(DIGITS, {"method.temperature": [1, 4, 8], "method.teacher_weight": [0.5, 0.9]}, seeds=3)
    students = [member.recipe for member in study.members if member.arm == "distilled"]
    [grid] = group_by_lane_key(students)
    assert (len(grid), len(grid[0])) == (3, 6)
    assert sorted(position for row in grid for position in row) == list(range(18))
    for seed, row in enumerate(grid):
        assert {students[position].seed for position in row} == {seed}
    columns = zip(*grid, strict=True)
    assert all(len({students[position].method.to_json().__repr__() for position in column}) == 1 for column in columns)


def test_seeds_that_lack_a_setting_make_a_grid_of_their_own() -> None:
    recipes = [changed(method__temperature=t).seeded(seed) for seed in range(3) for t in (1, 4, 8)]
    left = [recipe for recipe in recipes if not (recipe.seed == 2 and recipe.method.temperature == 4)]  # type: ignore[attr-defined]
    sizes = sorted((len(grid), len(grid[0])) for grid in group_by_lane_key(left))
    assert sizes == [(1, 2), (2, 3)]


def test_students_of_a_shared_teacher_are_lanes_too() -> None:
    study = Study.race(DIGITS, seeds=4, one_teacher=True)
    students = [member.recipe for member in study.members if member.arm == "distilled"]
    assert sorted(len(grid) * len(grid[0]) for grid in group_by_lane_key(students)) in ([4], [1, 3])


def test_chunks_fit_the_budget_and_hold_every_lane_once() -> None:
    grid = [[10 * seed + setting for setting in range(7)] for seed in range(3)]
    for most in (1, 2, 3, 7, 9, 100):
        chunks = list(fit_memory(grid, bytes_of_lane=10, budget=10 * most))
        assert all(len(chunk) * len(chunk[0]) <= most for chunk in chunks)
        told = sorted(lane for chunk in chunks for row in chunk for lane in row)
        assert told == sorted(lane for row in grid for lane in row)


def test_a_lane_of_the_mnist_student_takes_a_few_megabytes() -> None:
    assert 2e6 < bytes_of_lane(16_330, 90, 64, 16_000, 10) < 4e6
