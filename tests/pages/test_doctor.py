"""The section below a finished study: what was found, the literature's word, and an experiment to start."""

import pytest
from streamlit.testing.v1 import AppTest

from kd_core.doctor import Evidence
from kd_core.recipe import Study
from kd_core.recipe.presets import PRESETS
from kd_core.store import Store
from pages.parts.doctor import evidence as shown, experiment
from tests.pages.conftest import App, TrainedHome, train_tiny_race


@pytest.fixture(autouse=True)
def warm_doctor(warm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is ready at once for experiments too."""
    monkeypatch.setattr("pages.parts.doctor.experiment.engine_is_warm", lambda: True)


def texts(page: AppTest) -> str:
    """Return what is written, without Markdown's escapes."""
    return "\n".join(element.value.replace("\\", "") for element in [*page.markdown, *page.caption])


def section(page: AppTest) -> AppTest:
    """Open the section; what is folded is not drawn."""
    page.session_state["doctor"] = True
    return page.run()


def labels(page: AppTest) -> list[str]:
    return [fold.label for fold in page.expander]


def test_a_folded_section_asks_its_question_and_computes_nothing(
    app: App, trained_home: TrainedHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: object) -> None:
        raise AssertionError("nobody has opened it")

    monkeypatch.setattr("pages.parts.doctor.section.diagnose_study", never)
    page = app(trained_home.home, study=trained_home.study)
    assert not page.exception
    assert {"Why is my student worse?", "Why is there no difference?", "What could be better?"} & set(labels(page))


def test_an_open_section_tells_cause_evidence_literature_and_experiment(app: App, trained_home: TrainedHome) -> None:
    page = section(app(trained_home.home, study=trained_home.study))
    assert not page.exception
    told = texts(page)
    assert "**1 · The budget is too short**" in told
    assert "Training ended after 3 epochs" in told
    assert "(Beyer et al. 2022)" in told
    assert "Epochs 3 → 20" in told
    assert "3 seed(s) · " in told
    curves = [part.proto.json for part in page.get("bidi_component") if "A guess (ln K)" in part.proto.json]
    assert len(curves) == 1


def test_the_section_speaks_chinese(app: App, trained_home: TrainedHome) -> None:
    page = section(app(trained_home.home, study=trained_home.study, language="zh"))
    told = texts(page)
    assert "**1 · 训练得太短**" in told
    assert "训练在 3 个轮次后结束" in told
    assert "训练轮数 3 → 20" in told


def test_start_queues_the_experiment_and_looks_at_it_with_its_settings_in_the_form(
    app: App, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("started")
    study = train_tiny_race(home)
    page = section(app(home, study=study))
    page.button(key="doctor_start_budget").click().run()
    assert not page.exception
    rows = Store(home).studies.list()
    assert len(rows) == 2
    assert page.session_state["link"]["study"] == rows[0].id != study
    wanted = [member["recipe"] for member in rows[0].spec["members"] if member["arm"] == "distilled"]
    assert {recipe["optim"]["epochs"] for recipe in wanted} == {20}
    assert len(wanted) == rows[0].seeds == 3
    assert page.session_state["link"]["optim.epochs"] == "20"


def test_below_a_study_that_lives_there_is_no_section(app: App, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("alive")
    store = Store(home)
    study = store.studies.add(Study.race(PRESETS["digits"].recipe, 1, "digits"))
    page = section(app(home, study=study))
    assert not page.exception
    assert not any("?" in label for label in labels(page))


def test_numbers_of_the_evidence_have_their_units_and_no_nan() -> None:
    assert shown.number_text(6.667, "percent") == "6.7 %"
    assert shown.number_text(-0.001, "points") == "+0.00 points"
    assert shown.number_text(85002.0, "parameters") == "85,002"
    assert shown.number_text(0.05, "share") == "0.05"
    assert shown.number_text(float("nan"), "nats") == "–"


def test_a_loss_is_drawn_from_zero_and_infinity_does_not_set_the_axis() -> None:
    loss = Evidence("training_loss", "nats", series={"alone": (2.0, float("inf"), 1.0)})
    assert shown.y_range(loss) == (0.0, 2.1)
    percent = Evidence("validation_accuracy", "percent", series={"alone": (50.0, 60.0)})
    assert shown.y_range(percent) == (0.0, 100.0)


def test_changes_are_told_with_what_stands_there_now() -> None:
    recipe = PRESETS["digits"].recipe.to_json()
    wanted = {"student.widths": [8, 8], "seeds": 5, "method.label_weight": None, "data.source": "mnist"}
    # What is so already is no change.
    assert experiment.changes_text(1, recipe, wanted).split(", ")[:2] == ["Widths 12-12 → 8-8", "Seeds 1 → 5"]
    assert experiment.changes_text(1, recipe, wanted).endswith("digits → mnist")
