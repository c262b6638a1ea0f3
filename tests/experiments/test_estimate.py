"""Estimate: how long a study will take, from what was seen or from arithmetic."""

from __future__ import annotations

from pathlib import Path

import pytest

from kd_core.experiments.estimate import LANES_STEP_SECONDS, Pace, estimated_seconds, training_images
from kd_core.experiments.study_runner import run_study
from kd_core.recipe import Study
from kd_core.recipe.presets import PRESETS
from kd_core.store import Store
from tests.image_folders import make_images
from tests.small_studies import DATA, recipe


def test_an_epoch_has_the_labelled_images_or_all_of_them() -> None:
    digits = PRESETS["digits"].recipe
    assert training_images(digits) == 200
    assert training_images(digits.changed({"data.unlabelled": "keep"})) == 1047
    assert training_images(digits.changed({"data.labelled": None})) == 1047


def test_what_is_trained_already_takes_no_time_unless_it_is_asked_for_again(store: Store) -> None:
    study = Study.race(recipe(), seeds=2)
    before = estimated_seconds(store, study)
    assert before > 0
    run_study(store, store.studies.add(study), data_root=DATA)
    assert estimated_seconds(store, study) == 0
    assert estimated_seconds(store, study, fresh=True) > 0


def test_many_lanes_cost_far_less_than_as_many_networks_by_themselves(store: Store) -> None:
    digits, temperatures = PRESETS["digits"].recipe, {"method.temperature": [1, 2, 3, 4, 6, 8, 12, 20]}
    one = estimated_seconds(store, Study.sweep(digits, {"method.temperature": [4]}))
    many = estimated_seconds(store, Study.sweep(digits, temperatures, seeds=3))
    assert one < many < 8 * one


def test_a_pace_seen_with_few_lanes_tells_that_of_many_and_the_other_way_round() -> None:
    few = Pace(seconds=0.004, lanes=2)
    assert few.expected(2) == pytest.approx(0.004)
    assert few.expected(20) == pytest.approx(LANES_STEP_SECONDS + 0.002 * 10)
    alone = Pace(seconds=0.0207, lanes=1)
    assert alone.expected(1) == pytest.approx(0.0207)
    assert alone.expected(10) == pytest.approx(LANES_STEP_SECONDS + 0.02 * 10)


def test_protocols_with_many_networks_or_made_up_images_take_longer(store: Store) -> None:
    digits = PRESETS["digits"].recipe
    seconds = {
        name: estimated_seconds(store, Study.race(digits.changed({"protocol": name})))
        for name in ("offline", "mutual", "federated", "data_free")
    }
    assert seconds["offline"] < seconds["mutual"] < seconds["federated"] < seconds["data_free"]


def test_an_epoch_of_ones_own_images_is_as_long_as_they_are_many(tmp_path: Path) -> None:
    make_images(tmp_path, {"cat": 50, "dog": 50})
    mine = recipe(data__labelled=None).changed({"data.source": {"name": "image_folder", "path": str(tmp_path)}})
    assert training_images(mine) == 70  # 15 are for validation, 15 for the test
