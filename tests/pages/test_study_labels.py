"""A result says with which settings it was made, and studies of one preset can be told apart in every list."""

from pathlib import Path

import pytest

from kd_core.recipe import PRESETS, Recipe, Study
from kd_core.store import Store, StudyRow
from pages.parts.compare.study_list import short_label
from pages.parts.studies import differing, listed_label, taught_with
from tests.pages.conftest import App, TrainedHome

DIGITS = PRESETS["digits"].recipe


@pytest.fixture
def asked(app: App, tmp_path: Path, warm: None) -> Store:
    """The store of a running app, with nothing in it."""
    app(tmp_path, language="en")
    return Store(tmp_path)


def study_of(store: Store, recipe: Recipe) -> StudyRow:
    return store.studies.get(store.studies.add(Study.race(recipe, 1, "digits"), status="queued"))


def test_an_unchanged_preset_has_nothing_to_add(asked: Store) -> None:
    assert differing(study_of(asked, DIGITS)) == []


def test_studies_of_one_preset_are_told_apart(asked: Store) -> None:
    row = study_of(asked, DIGITS.changed({"data.labelled": 100, "method.temperature": 12}))
    assert differing(row) == ["Temperature 12", "Labelled images 100"]
    assert "Temperature 12 · Labelled images 100" in listed_label(row) and "Temperature 12" in short_label(row)


def test_a_protocol_is_named_and_many_changes_are_counted(asked: Store) -> None:
    changes = {
        "protocol": {"name": "chain"}, "data.labelled": 50, "optim.epochs": 7, "optim.lr": 0.01, "data.label_noise": 0.1
    }  # fmt: skip
    told = differing(study_of(asked, DIGITS.changed(changes)))
    assert told[0] == "Labelled images 50" and "chain" in told[1].lower() and told[-1] == "+2"


def test_ones_own_images_are_called_by_their_name(asked: Store) -> None:
    row = study_of(asked, DIGITS.changed({"data.source": {"name": "image_folder", "path": "/x/pets-0123abcd"}}))
    assert short_label(row).split(" · ")[0] == f"#{row.number} pets"


def test_what_a_student_was_taught_with_is_told_whether_changed_or_not() -> None:
    recipe = DIGITS.changed({"method.temperature": 4, "method.teacher_weight": 0.9}).to_json()
    assert taught_with(recipe) == ["T = 4", "α = 0.9", "200 labels"]


def test_the_curves_keep_their_temperature_when_the_form_moves_on(
    app: App, trained_home: TrainedHome, warm: None
) -> None:
    page = app(trained_home.home, study=trained_home.study, language="en", **{"method.temperature": "12.0"})
    shown = [caption.value.replace("\\", "") for caption in page.caption]
    assert any(text.startswith("T = 4 ·") for text in shown)
