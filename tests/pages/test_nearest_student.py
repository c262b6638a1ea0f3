"""The living map: a trained sweep answers for the settings in the form, on Race and on Soft labels."""

import shutil
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from streamlit.testing.v1 import AppTest

from kd_core.experiments.study_runner import run_study
from kd_core.jobs.locks import job_lock
from kd_core.recipe import Study
from kd_core.recipe.presets import PRESETS
from kd_core.results.sweep_views import nearest_cell
from kd_core.store import Store
from pages.parts.studies import fit
from tests.pages.conftest import App, train_tiny_race

pytestmark = pytest.mark.usefixtures("warm")

T, W = "method.temperature", "method.teacher_weight"
EPOCHS = {"optim.epochs": "2", "teacher.optim.epochs": "2"}


class Mapped(NamedTuple):
    """A store's folder, the map in it, and a race of other settings."""

    home: Path
    sweep: str
    race: str


@pytest.fixture(scope="session")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Mapped:
    """A map of 2 x 2 cells and two seeds on digits, and a race of three epochs."""
    store = Store(tmp_path_factory.mktemp("mapped"))
    recipe = PRESETS["digits"].recipe.changed({"optim.epochs": 2, "teacher.optim.epochs": 2})
    studies = [
        Study.sweep(recipe, {T: [2.0, 8.0], W: [0.5, 0.9]}, 2, "digits"),
        Study.race(recipe.changed({"optim.epochs": 3}), 1, "digits"),
    ]
    made = [store.studies.add(study, status="running") for study in studies]
    for study in made:
        run_study(store, study, data_root=store.home / "data")
        assert store.studies.get(study).status == "done"
    store.close()
    return Mapped(store.home, *made)


def text(page: AppTest) -> str:
    return " ".join(one.value for one in [*page.markdown, *page.caption]).replace("\\", "").replace("\u2060", "")


# ---- which cell is nearest


def test_the_nearest_cell_is_found_on_the_logarithm_of_a_wide_axis() -> None:
    axes = {"T": [1.0, 20.0]}
    cells = [{"T": 1.0}, {"T": 20.0}]
    assert nearest_cell(axes, cells, {"T": 4.4}) == 0  # the geometric mean of 1 and 20 is 4.47
    assert nearest_cell(axes, cells, {"T": 4.6}) == 1


def test_a_narrow_axis_is_linear_and_each_axis_counts_by_its_own_range() -> None:
    axes = {"w": [0.0, 0.5, 1.0], "n": [100, 200, 300]}
    cells = [{"w": w, "n": n} for w in axes["w"] for n in axes["n"]]
    found = cells[nearest_cell(axes, cells, {"w": 0.3, "n": 240})]
    assert found == {"w": 0.5, "n": 200}


def test_what_is_no_number_must_be_equal() -> None:
    axes = {"kind": ["adam", "sgd"], "T": [1, 2]}
    cells = [{"kind": kind, "T": T} for kind in axes["kind"] for T in axes["T"]]
    assert cells[nearest_cell(axes, cells, {"kind": "sgd", "T": 1.1})] == {"kind": "sgd", "T": 1}


# ---- which sweep answers for a recipe


def test_what_stands_at_the_axes_does_not_matter_and_all_else_does() -> None:
    recipe = PRESETS["digits"].recipe
    rest = fit.outside(recipe.to_json(), [T, W])
    assert rest == fit.outside(recipe.changed({T: 3.0, W: 0.2}).to_json(), [T, W])
    assert rest != fit.outside(recipe.changed({"optim.epochs": 7}).to_json(), [T, W])
    assert rest != fit.outside(recipe.changed({T: 3.0}).to_json(), [W])


def test_a_sweep_over_the_width_answers_for_networks_of_its_own_depth_only() -> None:
    recipe = PRESETS["digits"].recipe
    widths = [[12, 12], [30, 30], [30], [30, 12]]
    two, wide, one_layer, mixed = (
        fit.outside(recipe.changed({"student.widths": each}).to_json(), ["student.width"]) for each in widths
    )
    assert two == wide != one_layer
    assert mixed == ""


# ---- on the pages


def test_a_link_to_a_cell_shows_its_trio_and_sets_the_form(app: App, mapped: Mapped) -> None:
    page = app(mapped.home, study=mapped.sweep, cell="3")
    assert "One of 4 trained settings of a map (2 seeds): Temperature 8 · Teacher weight (α) 0.9" in text(page)
    assert page.select_slider(f"set.{T}").value == 8.0
    assert page.slider(f"set.{W}").value == 0.9


def test_moving_the_training_temperature_shows_the_nearest_trained_student_at_once(app: App, mapped: Mapped) -> None:
    page = app(mapped.home, study=mapped.sweep, cell="3")
    before = text(page)
    page.select_slider(f"set.{T}").set_value(3.0).run()
    after = text(page)
    assert "nearest trained student" in after and "Temperature 2 · Teacher weight (α) 0.9" in after
    assert "Temperature 3" in after
    assert page.session_state["link"]["cell"] == "1"
    assert before != after
    assert not page.exception


def test_a_race_in_the_link_stays_in_sight_until_the_form_is_moved(app: App, mapped: Mapped) -> None:
    page = app(mapped.home, study=mapped.race, **EPOCHS)
    assert "of a map" not in text(page)
    page.select_slider(f"set.{T}").set_value(8.0).run()
    assert "Temperature 8" in text(page) and "of a map" in text(page)


def test_a_form_that_is_moved_while_a_race_trains_leaves_that_race_in_sight(
    app: App, mapped: Mapped, tmp_path: Path
) -> None:
    home = shutil.copytree(mapped.home, tmp_path / "home")
    store = Store(home)
    store.studies.update(mapped.race, status="running", started=time.time())
    with job_lock(home, mapped.race):
        page = app(home, study=mapped.race, **EPOCHS)
        page.select_slider(f"set.{T}").set_value(8.0).run()
        store.studies.update(mapped.race, status="done")
        page.run()
    assert not page.exception and "of a map" not in text(page)
    page.select_slider(f"set.{T}").set_value(2.0).run()
    assert "of a map" in text(page)
    store.close()


def test_a_race_of_exactly_these_settings_is_shown_rather_than_the_nearest_cell(
    app: App, mapped: Mapped, tmp_path: Path
) -> None:
    home = shutil.copytree(mapped.home, tmp_path / "home")
    train_tiny_race(home, 1, optim__epochs=2)
    page = app(home, study=mapped.sweep, cell="3")
    page.select_slider(f"set.{T}").set_value(5.0).run()
    assert "nearest trained student" in text(page)
    page.select_slider(f"set.{T}").set_value(4.0).run()
    assert "of a map" not in text(page)
    page.select_slider(f"set.{T}").set_value(8.0).run()
    assert "One of 4 trained settings" in text(page) and not page.exception


def test_settings_for_which_no_map_was_trained_are_not_answered_by_one(app: App, mapped: Mapped) -> None:
    page = app(mapped.home, study=mapped.race, **{"optim.epochs": "3", "teacher.optim.epochs": "2"})
    page.select_slider(f"set.{T}").set_value(8.0).run()
    assert "of a map" not in text(page)


def test_soft_labels_offers_the_training_settings_of_a_map(app: App, mapped: Mapped) -> None:
    page = app(mapped.home, page="soft_labels", study=mapped.sweep, cell="0")
    assert "One of 4 trained settings" in text(page)
    page.slider(f"set.{W}").set_value(0.88).run()
    assert "Temperature 2 · Teacher weight (α) 0.9" in text(page) and "nearest" in text(page)
    assert not page.exception


def test_soft_labels_of_a_race_has_no_training_settings(app: App, mapped: Mapped) -> None:
    page = app(mapped.home, page="soft_labels", study=mapped.race)
    assert not [one for one in page.slider if one.key == f"set.{W}"]


def test_a_cell_that_the_sweep_does_not_have_is_told(app: App, mapped: Mapped) -> None:
    page = app(mapped.home, study=mapped.sweep, cell="77")
    assert any("cell" in one.value for one in page.warning)
