"""The Race page without a browser: what it shows, what a link changes, and what a bad link does."""

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from kd_core.recipe.presets import PRESETS
from kd_core.store import Store
from tests.pages.conftest import ROOT, App, TrainedHome


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption, *app.warning, *app.error])


def component(app: AppTest, key: str) -> str:
    found = [one.proto.json for one in app.get("bidi_component") if key in one.proto.id]
    assert found, f"no component with the key {key}"
    return str(found[0])


def test_the_first_visit_shows_the_recorded_race_and_says_that_it_is_recorded(app: App, tmp_path: Path) -> None:
    page = app(tmp_path)
    assert not page.exception
    assert "recorded: seed 0-4" in texts(page)
    assert "percentage points" in texts(page)
    assert "Student with teacher" in component(page, "recorded_race")


def test_the_first_paint_brings_no_torch() -> None:
    code = (
        "import sys; from streamlit.testing.v1 import AppTest; import pages.parts.app.engine as engine;"
        "import pages.parts.race.controls as c; c.engine_ready = lambda: False;"
        "app = AppTest.from_file('app.py', default_timeout=30).run(); assert not app.exception, app.exception;"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip().endswith("False"), done.stdout + done.stderr


def test_a_finished_race_shows_its_verdict_its_table_and_who_saw_what(
    app: App, trained_home: TrainedHome, warm: None
) -> None:
    page = app(trained_home.home, study=trained_home.study)
    assert not page.exception
    assert "n = 2 seeds" in texts(page)
    assert "Labels seen: teacher 1,047, students 200" in texts(page)
    table = page.table[0].value
    assert list(table.iloc[:, 0]) == ["Teacher", "Student alone", "Student with teacher"]
    assert table.iloc[0]["Parameters"] == "85,002"


def test_the_table_shows_what_the_store_holds(app: App, trained_home: TrainedHome, warm: None) -> None:
    store = Store(trained_home.home)
    runs = store.studies.runs_of(trained_home.study)
    alone = [runs[m.position].id for m in store.studies.members(trained_home.study) if m.arm == "alone"]
    last = [row.scores["test"]["accuracy"] for row in store.runs.epochs(alone) if row.epoch == 2]
    mean = 100 * sum(value or 0 for value in last) / 2
    store.close()
    shown = app(trained_home.home, study=trained_home.study).table[0].value
    assert shown.iloc[1]["Test accuracy"].startswith(f"{mean:.2f} ±")


def test_a_link_restores_preset_and_changed_settings(app: App, tmp_path: Path, warm: None) -> None:
    page = app(tmp_path, **{"preset": "mnist-mlp", "method.temperature": "8", "seeds": "3"})
    assert not page.exception
    assert page.selectbox(key="preset").value == "mnist-mlp"
    assert page.select_slider(key="set.method.temperature").value == 8.0
    assert page.slider(key="seeds").value == 3


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"preset": "nonsense"}, "there is no preset 'nonsense'"),
        ({"method.temperature": "-3"}, "'method.temperature' cannot be -3"),
        ({"method.no_such": "1"}, "method.no_such"),
        ({"study": "../../etc/passwd"}, "there is no study"),
        ({"T": "hot"}, "not 'hot'"),
        ({"v": "99"}, "version 99"),
        ({"colour": "red"}, "'colour' is not a part of a link"),
        ({"method": "resnt8"}, "method"),
    ],
)
def test_what_a_link_says_wrongly_is_told_in_a_sentence(
    app: App, tmp_path: Path, warm: None, query: dict[str, str], sentence: str
) -> None:
    page = app(tmp_path, **query)
    assert not page.exception
    assert sentence in texts(page).replace(chr(92), "")
    assert page.selectbox(key="preset").value == "digits"


def test_a_changed_setting_goes_into_the_link_and_back_out_of_it(app: App, tmp_path: Path, warm: None) -> None:
    page = app(tmp_path)
    page.select_slider(key="set.method.temperature").set_value(8.0).run()
    assert page.query_params["method.temperature"] in (["8.0"], "8.0")
    own = PRESETS["digits"].recipe.to_json()["method"]["temperature"]
    page.select_slider(key="set.method.temperature").set_value(own).run()
    assert "method.temperature" not in page.query_params


def test_the_first_weights_can_be_chosen_and_come_back_from_a_link(app: App, tmp_path: Path, warm: None) -> None:
    page = app(tmp_path)
    page.selectbox(key="set.start").set_value("teacher").run()
    assert page.query_params["start"] in (["teacher"], "teacher")
    again = app(tmp_path, start="teacher")
    assert not again.warning
    assert again.selectbox(key="set.start").value == "teacher"


def test_another_preset_forgets_the_changes_made_to_the_first(app: App, tmp_path: Path, warm: None) -> None:
    page = app(tmp_path, **{"method.temperature": "8"})
    page.selectbox(key="preset").set_value("mnist-mlp").run()
    assert not page.exception
    assert page.select_slider(key="set.method.temperature").value == 5.0


def test_a_refused_value_stays_in_sight_beside_the_reason(app: App, tmp_path: Path, warm: None) -> None:
    page = app(tmp_path)
    page.text_input(key="set.student.widths").set_value("12, 99999").run()
    assert not page.exception
    assert "student.widths" in page.error[0].value.replace(chr(92), "")
    assert page.text_input(key="set.student.widths").value == "12, 99999"
    page.text_input(key="set.student.widths").set_value("16, 16").run()
    assert not page.error
    assert page.query_params["student.widths"] in (["[16, 16]"], "[16, 16]")


def test_every_setting_of_every_member_can_be_drawn(app: App, tmp_path: Path, warm: None) -> None:
    from kd_core.datasets import DATASETS
    from kd_core.methods import METHODS
    from kd_core.networks import NETWORKS

    page = app(tmp_path)
    for path, names in (("method", METHODS), ("student", NETWORKS), ("data.source", DATASETS)):
        for name in set(names) - {"image_folder"}:
            page.selectbox(key=f"set.{path}").set_value(name).run()
            assert not page.exception, (path, name, page.exception)


def test_a_schedule_can_be_chosen_and_shaped(app: App, tmp_path: Path, warm: None) -> None:
    page = app(tmp_path)
    page.selectbox(key="set.schedules.temperature").set_value("exponential").run()
    assert not page.exception
    page.text_input(key="set.schedules.temperature.floor").set_value("2").run()
    assert not page.error
    assert '"floor": 2.0' in str(page.query_params["schedules.temperature"])


def test_start_puts_a_study_into_the_queue_and_its_id_into_the_link(app: App, tmp_path: Path, warm: None) -> None:
    page = app(tmp_path)
    page.button(key="race_start").click().run()
    assert not page.exception
    studies = Store(tmp_path).studies.list()
    assert [study.preset for study in studies] == ["digits"]
    assert page.query_params["study"] in ([studies[0].id], studies[0].id)
    assert page.button(key="race_stop")


def test_stop_answers_for_a_study_that_still_waits(app: App, tmp_path: Path, warm: None) -> None:
    page = app(tmp_path)
    page.button(key="race_start").click().run()
    page.button(key="race_stop").click().run()
    assert not page.exception
    assert Store(tmp_path).studies.list()[0].status == "stopped"


def test_make_it_fail_sets_a_bad_teacher_that_the_student_believes(app: App, tmp_path: Path, warm: None) -> None:
    page = app(tmp_path)
    page.button(key="make_it_fail").click().run()
    assert not page.exception
    assert page.query_params["teacher.data.labelled"] in (["20"], "20")


def test_the_convention_of_alpha_changes_the_symbol_and_not_the_recipe(app: App, tmp_path: Path, warm: None) -> None:
    page = app(tmp_path)
    symbols = page.latex[0].value
    page.segmented_control(key="convention").set_value("labels").run()
    assert page.latex[0].value != symbols
    assert "0.9" in page.latex[1].value
    assert "method.teacher_weight" not in page.query_params


def test_chinese_shows_no_english_sentence(app: App, trained_home: TrainedHome, warm: None) -> None:
    page = app(trained_home.home, study=trained_home.study, language="zh")
    assert not page.exception
    assert "个百分点" in texts(page)
    assert "percentage" not in texts(page)


def test_an_earlier_run_of_the_store_can_be_chosen_as_the_teacher_of_all_seeds(
    app: App, trained_home: TrainedHome, warm: None
) -> None:
    store = Store(trained_home.home)
    members = store.studies.members(trained_home.study)
    teacher = next(member.run for member in members if member.arm == "teacher" and member.seed == 1)
    store.close()
    page = app(trained_home.home, teacher_run=str(teacher))
    assert not page.exception
    assert page.selectbox(key="teacher_run").value == teacher
    assert not any(box.key == "set.teacher.student.widths" for box in page.text_input)
    page.selectbox(key="teacher_run").set_value("").run()
    assert any(box.key == "set.teacher.student.widths" for box in page.text_input)
    unknown = app(trained_home.home, teacher_run="0000000000")
    assert ("teacher_run") in {part for part, _ in unknown.session_state["link_refused"]}


def test_a_changed_setting_is_marked_and_the_preset_can_be_had_back(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, **{"optim.epochs": "12"})
    changed, other = page.select_slider(key="set.optim.epochs"), page.select_slider(key="set.optim.batch")
    assert changed.label.startswith("● ") and not other.label.startswith("●")
    assert any(caption.value.startswith("●: 1 setting(s) differ") for caption in page.caption)
    page.button(key="settings_back").click().run()
    assert not page.exception
    assert "optim.epochs" not in page.session_state["link"]
    assert not page.select_slider(key="set.optim.epochs").label.startswith("●")


def test_a_word_finds_the_settings_that_have_it(app: App, tmp_path: Path) -> None:
    page = app(tmp_path)
    everything = keys_of(page)
    page.text_input(key="settings_filter").set_value("student batch").run()
    assert not page.exception
    found = keys_of(page)
    assert "set.optim.batch" in found and "set.teacher.student.widths" not in found
    assert len(found) < len(everything) / 3
    page.text_input(key="settings_filter").set_value("no such word").run()
    assert any("No setting has this word" in caption.value for caption in page.caption)


def keys_of(page: AppTest) -> set[str]:
    fields = [*page.selectbox, *page.select_slider, *page.slider, *page.text_input, *page.number_input, *page.toggle]
    return {str(one.key) for one in fields if str(one.key).startswith("set.")}
