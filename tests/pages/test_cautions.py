"""Settings that are allowed and yet take something away are told, before a training and beside its results."""

import math
from pathlib import Path

import pytest
import torch

from kd_core.methods.decoupled import parts
from kd_core.methods.dist import _correlation
from kd_core.methods.logit_standardization import standardized
from kd_core.recipe import PRESETS
from pages.parts.form import cautions
from tests.pages.conftest import App, train_tiny_race

RECIPE = PRESETS["digits"].recipe
TWO = torch.tensor([[2.0, -1.0], [0.1, 0.3], [-4.0, 5.0]])
OTHER = torch.tensor([[0.5, 0.7], [1.0, -3.0], [0.0, 2.0]])


def told(classes: int | None = None, **changes: object) -> list[str]:
    recipe = RECIPE.changed({path.replace("__", "."): value for path, value in changes.items()})
    return cautions(recipe.to_json(), classes)


def test_what_is_said_of_two_classes_is_so() -> None:
    _, among = parts(TWO, OTHER, torch.tensor([0, 1, 1]), 4.0)
    assert among.tolist() == [0.0, 0.0, 0.0]
    assert _correlation(TWO, OTHER).abs().tolist() == pytest.approx([1.0, 1.0, 1.0])
    # Two numbers of mean 0 and unbiased standard deviation 1 are ± 1 / sqrt(2).
    assert standardized(TWO).abs().flatten().tolist() == pytest.approx([1 / math.sqrt(2)] * 6, rel=1e-5)


@pytest.mark.parametrize("method", ["decoupled", "dist", "logit_standardization"])
def test_two_classes_are_told_for_methods_of_which_they_leave_little(method: str) -> None:
    assert len(told(2, method=method)) == 1 and "two classes" in told(2, method=method)[0]
    assert told(10, method=method) == told(2, method="soft_targets") == []


def test_label_noise_is_told_where_the_right_class_is_the_rarest_label() -> None:
    assert told(data__label_noise=1) == ["Label noise 1: every label of the student is wrong."]
    assert told(teacher__data__label_noise=1) == ["Label noise 1: every label of the teacher is wrong."]
    # Of ten classes each wrong one has p / 9 of the labels and the right one 1 - p: equal at p = 0.9.
    assert told(10, data__label_noise=0.9) == []
    assert "label noise with 10 classes" in told(10, data__label_noise=0.95)[0]


def test_label_noise_is_told_in_the_form_and_beside_the_results(app: App, tmp_path: Path, warm: None) -> None:
    study = train_tiny_race(tmp_path, 1, data__label_noise=1)
    page = app(tmp_path, study=study)
    assert [one.value for one in page.warning] == ["Label noise 1: every label of the student is wrong."]
    asked = app(tmp_path, page="sweep", **{"data.label_noise": "1"})
    assert any("every label of the student" in one.value for one in asked.warning)
