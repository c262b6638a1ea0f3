"""The Sweep page without a browser: what it shows of a sweep, what its form makes of a link, and what it refuses."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from streamlit.testing.v1 import AppTest

from kd_core.experiments.study_runner import run_study
from kd_core.recipe import Recipe, Study
from kd_core.recipe.presets import PRESETS
from kd_core.results.sweep import load_sweep
from kd_core.store import Store
from pages.parts.charts import ticks
from pages.parts.charts.gain_map import MapAxis, MapCell, colour_limit, map_data
from pages.parts.studies.labels import listed_label
from pages.parts.sweep import axes, map_cells
from pages.parts.sweep.map_cells import View
from pages.parts.text import setting_text
from tests.pages.conftest import App

pytestmark = pytest.mark.usefixtures("warm")

T, W, WIDTH = "method.temperature", "method.teacher_weight", "student.width"


class Swept(NamedTuple):
    """A store's folder and the sweeps in it."""

    home: Path
    grid: str
    sizes: str
    one_seed: str
    three_axes: str


def train(home: Path, recipe: Recipe, axes: dict[str, list[float]], seeds: int) -> str:
    store = Store(home)
    study = store.studies.add(Study.sweep(recipe, axes, seeds, "digits"), status="running")
    run_study(store, study, data_root=home / "data")
    row = store.studies.get(study)
    store.close()
    assert row.status == "done", row.error
    return study


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    """Tiny sweeps on digits: 2 x 2 cells and two widths with two seeds, two cells and 2 x 2 x 2 with one."""
    home = tmp_path_factory.mktemp("swept")
    recipe = PRESETS["digits"].recipe.changed({"optim.epochs": 2, "teacher.optim.epochs": 2})
    sizes = train(home, recipe, {WIDTH: [4, 16]}, 2)
    one_seed = train(home, recipe, {T: [2.0, 8.0]}, 1)
    three_axes = train(home, recipe, {T: [2.0, 8.0], W: [0.0, 0.9], "optim.lr": [0.001, 0.01]}, 1)
    grid = train(home, recipe, {T: [2.0, 8.0], W: [0.0, 0.9]}, 2)
    return Swept(home, grid, sizes, one_seed, three_axes)


@pytest.fixture
def store(swept: Swept) -> Iterator[Store]:
    opened = Store(swept.home)
    yield opened
    opened.close()


def texts(app: AppTest) -> str:
    return "\n".join(
        str(element.value) for element in [*app.markdown, *app.caption, *app.warning, *app.error, *app.info]
    )


def the_map(app: AppTest) -> dict[str, Any]:
    found = [one.proto.json for one in app.get("bidi_component") if "sweep_map" in one.proto.id]
    assert found, "no map"
    data: dict[str, Any] = json.loads(found[0])
    return data


def test_without_a_sweep_the_form_is_filled_in_and_tells_how_long_it_will_take(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="sweep")
    assert not page.exception
    assert page.text_input(key="sweep_x_values").value == "1, 2, 3, 4, 6, 8, 12, 20"
    assert page.text_input(key="sweep_y_values").value == "0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1"
    assert "64 cells × 3 seed(s): 198 networks." in texts(page)
    assert "on this machine" in texts(page)
    assert not page.button(key="sweep_start").disabled


def test_a_grid_is_shown_with_its_finding_and_its_cells(app: App, swept: Swept, store: Store) -> None:
    page = app(swept.home, page="sweep", study=swept.grid)
    assert not page.exception
    found = load_sweep(store, swept.grid)
    assert found.best is not None
    assert "among 4 cells" in texts(page) and "n = 2 seeds" in texts(page)
    data = the_map(page)
    assert (data["x"]["labels"], data["y"]["labels"]) == (["2", "8"], ["0", "0.9"])
    for cell in data["cells"]:
        expected = found.cells[cell["index"]]
        assert cell["gain"] == pytest.approx(expected.gain, rel=1e-3, abs=1e-9)
        assert cell["zero"] is expected.contains_zero
        assert cell["best"] is (cell["index"] == found.best.index)
    assert "chance alone would make about 0.2" in data["note"]


def test_every_cell_brings_the_answers_of_its_three_networks_once(app: App, swept: Swept, store: Store) -> None:
    data = the_map(app(swept.home, page="sweep", study=swept.grid, sample="7"))
    answers = {cell["index"]: cell["answers"] for cell in data["cells"]}
    assert len({one[0] for one in answers.values()}) == len({one[1] for one in answers.values()}) == 1
    assert len(data["logits"]) == 2 + 4
    trial = load_sweep(store, swept.grid).cells[3].trials[0]
    stored = store.files.logits(trial.run or "", 1)
    assert stored is not None
    assert data["logits"][answers[3][2]] == pytest.approx(stored[7].tolist(), rel=1e-3)


def test_one_seed_has_no_interval_and_no_hatched_cell(app: App, swept: Swept) -> None:
    page = app(swept.home, page="sweep", study=swept.one_seed)
    data = the_map(page)
    assert "One seed: no intervals" in data["note"]
    assert not any(cell["zero"] for cell in data["cells"])
    assert "one seed, no interval" in texts(page)


def test_of_three_axes_two_are_in_sight_and_the_third_is_held(app: App, swept: Swept, store: Store) -> None:
    page = app(swept.home, page="sweep", study=swept.three_axes)
    assert not page.exception
    best = load_sweep(store, swept.three_axes).best
    held = page.selectbox(key=f"sweep_hold_{swept.three_axes}_optim.lr")
    assert best is not None and held.value == best.values["optim.lr"]
    data = the_map(page)
    assert len(data["cells"]) == 4 and data["chosen"] == best.index
    page = page.selectbox(key=f"sweep_map_y_{swept.three_axes}").set_value("optim.lr").run()
    assert the_map(page)["y"]["labels"] == ["0.001", "0.01"]
    assert the_map(page)["limit"] == data["limit"]


def test_an_axis_of_sizes_offers_accuracy_against_work(app: App, swept: Swept) -> None:
    page = app(swept.home, page="sweep", study=swept.sizes)
    views = next(one for one in page.get("button_group") if "sweep_more" in str(one.proto.id))
    page = views.set_value("front").run()
    assert not page.exception
    assert "multiply-accumulates" in texts(page)
    spec = json.loads(page.get("plotly_chart")[0].proto.spec)
    assert sorted(spec["data"][0]["x"]) == [64 * 4 + 4 * 4 + 4 * 10, 64 * 16 + 16 * 16 + 16 * 10]


def test_all_cells_are_parallel_lines_when_asked_for(app: App, swept: Swept) -> None:
    page = app(swept.home, page="sweep", study=swept.grid)
    views = next(one for one in page.get("button_group") if "sweep_more" in str(one.proto.id))
    page = views.set_value("parallel").run()
    assert not page.exception
    spec = json.loads(page.get("plotly_chart")[0].proto.spec)
    assert [one["label"] for one in spec["data"][0]["dimensions"]][:2] == ["Temperature", "Teacher weight (α)"]


def test_a_page_without_a_sweep_in_its_link_offers_the_earlier_ones(app: App, swept: Swept) -> None:
    page = app(swept.home, page="sweep")
    assert page.selectbox(key="sweep_study").value is None
    assert "study" not in page.query_params
    page = page.selectbox(key="sweep_study").set_value(swept.sizes).run()
    assert not page.exception
    assert the_map(page)["x"]["labels"] == ["4", "16"]
    assert page.query_params["study"] == swept.sizes


def test_two_sweeps_of_the_same_minute_are_told_apart_in_the_list(app: App, swept: Swept) -> None:
    page = app(swept.home, page="sweep")
    offered = page.selectbox(key="sweep_study").options  # the browser sends back words, not places
    assert len(set(offered)) == len(offered) > 1
    store = Store(swept.home)
    rows = [store.studies.get(study) for study in (swept.grid, swept.sizes)]
    store.close()
    first, second = (listed_label(replace(row, name="", created=0.0, seeds=2, spec=rows[0].spec)) for row in rows)
    assert first != second


def test_a_bad_value_is_told_beside_its_field_and_loses_nothing(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="sweep")
    page = page.text_input(key="sweep_y_values").set_value("0, 0.5, 2").run()
    assert not page.exception
    assert page.text_input(key="sweep_y_values").value == "0, 0.5, 2"
    assert "less than or equal to 1" in page.error[0].value
    assert page.button(key="sweep_start").disabled
    page = page.text_input(key="sweep_y_values").set_value("0, 0.5").run()
    assert not page.error and "16 cells" in texts(page)
    assert page.query_params["y"] == f"{W}=0, 0.5"


@pytest.mark.parametrize("typed", ["", "a, b", "5..1", "0..20 log", "nan"])
def test_text_that_is_no_list_of_values_is_refused_in_a_sentence(app: App, tmp_path: Path, typed: str) -> None:
    page = app(tmp_path, page="sweep", x=f"{T}={typed}")
    assert not page.exception
    assert len(page.error) == 1
    assert page.text_input(key="sweep_x_values").value == typed


def test_too_many_networks_are_refused_before_anything_is_built(app: App, tmp_path: Path) -> None:
    values = ",".join(str(1 + number / 100) for number in range(200))
    page = app(tmp_path, page="sweep", x=f"{T}={values}")
    assert "more than 4,000 in one study" in page.error[0].value
    assert page.button(key="sweep_start").disabled


def test_a_link_with_an_axis_that_does_not_exist_falls_back_with_a_sentence(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="sweep", x="data.source.path=/etc,/tmp", y="none")
    assert not page.exception
    assert page.selectbox(key="sweep_x").value == T
    refused = page.session_state["link_refused"]
    assert [part for part, _ in refused] == ["x"] and "data.source.path" in next(iter(refused))[1]


def test_a_random_search_draws_from_ranges(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="sweep", random="12")
    assert page.text_input(key="sweep_x_values").value == "1..20 log"
    assert "12 cells × 3 seed(s)" in texts(page)


def test_a_range_of_a_grid_takes_as_many_values_as_asked(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="sweep", x=f"{T}=1..16 log", y="none", points="5")
    assert page.number_input(key="sweep_points").value == 5
    assert "5 cells × 3 seed(s)" in texts(page)
    assert axes.read_values(PRESETS["digits"].recipe, T, "1..16 log", 5) == [1, 2, 4, 8, 16]


def test_start_queues_the_sweep_that_the_form_shows(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kd_core.jobs.queue.ensure_supervisor", lambda *args: None)
    page = app(tmp_path, page="sweep", x=f"{T}=2,8", y="none", seeds="2", **{"optim.epochs": "3"})
    page = page.button(key="sweep_start").click().run()
    assert not page.exception
    store = Store(tmp_path)
    row = store.studies.list()[0]
    store.close()
    assert (row.kind, row.status, row.seeds, row.spec["axes"]) == ("sweep", "queued", 2, {T: [2.0, 8.0]})
    assert row.spec["base"]["optim"]["epochs"] == 3
    assert page.query_params["study"] == row.id
    page = page.button(key="sweep_stop").click().run()
    assert page.button(key="sweep_resume")
    assert "stopped" in texts(page)


def test_both_languages_show_the_page(app: App, swept: Swept) -> None:
    page = app(swept.home, page="sweep", study=swept.grid, language="zh")
    assert not page.exception
    assert "验证集在 4 个格子中选出" in texts(page)
    assert page.selectbox(key="sweep_x").options[0] == "温度"


@pytest.mark.parametrize("preset", list(PRESETS))
def test_every_axis_of_every_preset_starts_with_values_that_its_setting_takes(preset: str) -> None:
    recipe = PRESETS[preset].recipe
    paths = axes.axis_paths(recipe)
    assert "optim.lr" in paths and "data.labelled" in paths
    for path in paths:
        assert paths[path].title != path
        for random in (False, True):
            text = axes.starting_text(recipe, path, random)
            assert axes.read_values(recipe, path, text, None if random else 4)


def test_the_axes_follow_the_networks_own_settings() -> None:
    assert WIDTH in axes.axis_paths(PRESETS["digits"].recipe)
    assert "student.fc" in axes.axis_paths(PRESETS["mnist-cnn"].recipe)
    assert WIDTH not in axes.axis_paths(PRESETS["mnist-cnn"].recipe)


def test_colours_are_symmetric_out_to_a_round_number() -> None:
    assert colour_limit([0.3, -4.2]) == 5
    assert colour_limit([-0.02]) == 0.02
    assert colour_limit([]) == 1


def test_cells_with_distinct_values_are_drawn_as_points_on_round_ticks(swept: Swept, store: Store) -> None:
    found = load_sweep(store, swept.grid)
    words = {T: setting_text.AxisWords("T", "T", log=True), W: setting_text.AxisWords("w", "w")}
    assert map_cells.is_grid(found, View(T, W, {}))
    x, _ = map_cells.map_axes(found, View(T, W, {}), words)
    assert (x.labels, x.shares) == (["2", "8"], None)
    assert ticks.round_ticks([1.3, 19], factors=True) == [2, 5, 10]
    assert ticks.round_ticks([0.02, 0.98]) == [0.2, 0.4, 0.6, 0.8]


def test_the_browser_gets_a_sentence_for_every_cell_and_no_number_that_json_lacks() -> None:
    cell = MapCell(3, 0, 0, "T 4", ["+1.00 points", "epoch 2 of 9"], gain=1.0, mark="diverged")
    data = map_data(MapAxis("T", ["4"]), MapAxis("", [""]), [cell], 5, None)
    assert data["cells"][0]["label"] == "T 4. diverged. +1.00 points. epoch 2 of 9"
    assert json.loads(json.dumps(data, allow_nan=False))["scatter"] is False


@pytest.mark.parametrize("name", ["race", "sweep", "method_race"])
def test_every_kind_of_study_is_started_with_the_number_format_that_was_chosen(
    app: App, tmp_path: Path, name: str
) -> None:
    page = app(tmp_path)
    page.selectbox(key="precision").set_value("float32").run()
    page.selectbox(key="device").set_value("cpu").run()
    if name != "race":
        page.switch_page(f"pages/{name}.py").run()
    page.button(key=f"{name}_start").click().run()
    assert not page.exception
    (row,) = Store(tmp_path).studies.list()
    assert (row.precision, row.device) == ("float32", "cpu")
