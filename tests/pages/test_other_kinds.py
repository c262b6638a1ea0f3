"""Every page with every kind of study in its link: nothing false is said, and what can be shown is."""

from pathlib import Path
from typing import NamedTuple

import pytest
from streamlit.testing.v1 import AppTest

from kd_core.experiments.study_runner import run_study
from kd_core.recipe import Study
from kd_core.recipe.presets import PRESETS
from kd_core.results import race_numbers
from kd_core.store import Store
from tests.pages.conftest import App, train_tiny_race

pytestmark = pytest.mark.usefixtures("warm")

NOTHING = ("has come to its end", "came to its end", "还没有训练完")


class Kinds(NamedTuple):
    """A store with one finished study of every kind."""

    home: Path
    race: str
    sweep: str
    compare: str


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Kinds:
    home = tmp_path_factory.mktemp("kinds")
    race = train_tiny_race(home)
    tiny = {"optim.epochs": 2, "teacher.optim.epochs": 2, "teacher.student.widths": [16]}
    recipe = PRESETS["digits"].recipe.changed(tiny)
    store, made = Store(home), []
    axes = {"method.temperature": [2.0, 8.0]}
    for study in (Study.sweep(recipe, axes, 1, "digits"), Study.compare(recipe, ["soft_targets", "dist"], 1, "digits")):
        made.append(store.studies.add(study, status="running"))
        run_study(store, made[-1], data_root=home / "data")
        assert store.studies.get(made[-1]).status == "done"
    store.close()
    return Kinds(home, race, *made)


def told(page: AppTest) -> str:
    assert not page.exception, page.exception
    told_in = [*page.markdown, *page.info, *page.warning, *page.error, *page.header, *page.caption]
    return "\n".join(str(one.value) for one in told_in)


@pytest.mark.parametrize("name", ["race", "soft_labels", "loss_lab", "sweep", "method_race", "compare", "speed"])
@pytest.mark.parametrize("kind", ["race", "sweep", "compare"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_page_says_of_a_finished_study_that_nothing_is_finished(
    app: App, kinds: Kinds, name: str, kind: str, language: str
) -> None:
    page = app(kinds.home, page=name, study=getattr(kinds, kind), language=language)
    said = told(page)
    assert not [words for words in NOTHING if words in said]
    assert page.session_state["link"].get("study")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sweep", "race"),
        ("sweep", "compare"),
        ("method_race", "race"),
        ("method_race", "sweep"),
        ("speed", "sweep"),
        ("speed", "compare"),
        ("compare", "sweep"),
        ("compare", "compare"),
        ("race", "compare"),
        ("soft_labels", "compare"),
    ],
)
def test_a_page_leads_to_the_page_that_shows_this_kind(app: App, kinds: Kinds, name: str, kind: str) -> None:
    page = app(kinds.home, page=name, study=getattr(kinds, kind))
    assert page.button(key=f"to_own_page_{getattr(kinds, kind)}").label.startswith("Open #")


def test_speed_weighs_one_setting_of_a_sweep_and_says_that_it_was_not_timed(app: App, kinds: Kinds) -> None:
    page = app(kinds.home, page="speed", study=kinds.sweep, cell="1")
    said = told(page)
    assert "A sweep has 2 settings" in said and "were not timed" in said
    assert page.selectbox(key=f"one_trio_{kinds.sweep}").value == 1
    assert len(page.selectbox(key=f"export_run_{kinds.sweep}").options) == 3


def test_another_study_begins_with_its_first_cell_and_not_with_the_number_of_the_last_ones(
    app: App, kinds: Kinds
) -> None:
    page = app(kinds.home, page="speed", study=kinds.sweep, cell="1")
    page.selectbox(key="speed_study").set_value(kinds.compare).run()
    assert not page.exception and not page.warning
    assert page.selectbox(key=f"one_trio_{kinds.compare}").value == 0


def test_race_shows_one_technique_of_a_method_race_and_not_a_mixture(app: App, kinds: Kinds) -> None:
    store = Store(kinds.home)
    by_cell = [race_numbers(store, kinds.compare, {"contender": name}) for name in ("soft_targets", "dist")]
    store.close()
    for number, numbers in enumerate(by_cell):
        page = app(kinds.home, study=kinds.compare, cell=str(number))
        assert numbers.verdict is not None
        assert f"One seed: {numbers.verdict.difference_pp:+.2f}" in told(page)
    page = app(kinds.home, page="soft_labels", study=kinds.compare)
    assert page.selectbox(key=f"one_trio_{kinds.compare}").options == ["1. Soft targets (KD)", "2. Correlation (DIST)"]


def test_a_method_race_is_called_by_its_techniques_and_a_sweep_by_its_map(app: App, kinds: Kinds) -> None:
    page = app(kinds.home, page="speed", study=kinds.race)
    options = page.selectbox(key="speed_study").options
    assert [("map of 2" in one, "2 technique(s)" in one) for one in options[:3]] == [
        (False, True), (True, False), (False, False),
    ]  # fmt: skip
