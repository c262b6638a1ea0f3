"""Compare: the list, what can be done with a study, and honest differences between runs."""

import json
import sqlite3
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from kd_core.errors import StoreUnusable
from kd_core.recipe import Study
from kd_core.recipe.presets import PRESETS
from kd_core.results.statistics import Verdict
from kd_core.store import Store, StudyRow
from pages.parts.app import engine
from pages.parts.compare import arms, study_list
from pages.parts.compare.paired_differences import difference_sentence, paired_verdict
from pages.parts.compare.recipe_differences import differing
from pages.parts.compare.study_actions import _race_json
from tests.pages.conftest import App, TrainedHome, train_tiny_race


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A store with two races that differ in the temperature; they share teachers and students alone."""
    home = tmp_path_factory.mktemp("two")
    return home, train_tiny_race(home), train_tiny_race(home, method__temperature=10)


def waiting(home: Path, status: str = "", owner: str = "", **values: object) -> str:
    """A study that was never trained, in the given state."""
    store = Store(home)
    study = store.studies.add(
        Study.race(PRESETS["digits"].recipe, 1, "digits"), status="running" if status else "queued", owner=owner
    )
    if status:
        store.studies.end(study, status)
    if values:
        store.studies.update(study, **values)
    store.close()
    return study


def row_of(home: Path, study: str) -> StudyRow:
    store = Store(home)
    try:
        return store.studies.get(study)
    finally:
        store.close()


def told(page: AppTest) -> str:
    assert not page.exception, page.exception
    return "\n".join(str(one.value) for one in [*page.markdown, *page.info, *page.warning, *page.error, *page.header])


def test_empty_store_invites_to_the_first_race(app: App, tmp_path: Path) -> None:
    assert "Nothing has been trained here yet" in told(app(tmp_path, page="compare"))


def test_what_was_lost_of_a_damaged_database_is_told_until_its_file_is_gone(app: App, tmp_path: Path) -> None:
    waiting(tmp_path, "done")
    waiting(tmp_path, "done")
    with sqlite3.connect(tmp_path / "kd.sqlite") as connection:
        connection.execute("UPDATE studies SET spec = '{' WHERE number = 1")
    connection.close()
    store = Store(tmp_path)
    with pytest.raises(StoreUnusable):
        store.studies.list()
    store.close()
    for language, lost in (("en", "1 studies and 0 runs were recovered"), ("zh", "已恢复 1 项研究和 0 个训练结果")):
        assert lost in told(app(tmp_path, page="compare", language=language))
    (damaged,) = tmp_path.glob("kd-damaged-*.sqlite")
    damaged.unlink()
    assert "recovered" not in told(app(tmp_path, page="compare", language="en"))


def test_list_tells_newest_first_with_accuracy_and_place_in_the_queue(app: App, tmp_path: Path) -> None:
    train_tiny_race(tmp_path)
    waiting(tmp_path, owner="somebody else")
    waiting(tmp_path, owner="another one")
    page = app(tmp_path, page="compare")
    table = page.dataframe[0].value
    assert list(table["number"]) == [3, 2, 1]
    assert list(table["status"]) == ["waiting (1 before it)", "waiting (next)", "done"]
    assert table["distilled"][2].endswith("(n = 2)") and "±" in table["distilled"][2]
    assert "Select a row" in told(page)


def test_two_studies_are_compared_by_seed_with_their_interval(app: App, two: tuple[Path, str, str]) -> None:
    home, first, second = two
    page = app(home, page="compare", studies=f"{first},{second}")
    text = told(page)
    assert "n = 2 seeds" in text and "95\u00a0% interval" in text
    assert "What differs in the recipes" in text
    recipes = next(table.value for table in page.dataframe if "setting" in table.value)
    assert list(recipes["setting"]) == ["method.temperature"]
    assert list(recipes.iloc[0][["s0", "s1"]]) == ["10.0", "4.0"]


def test_two_arms_of_one_study_are_compared(app: App, trained_home: TrainedHome) -> None:
    page = app(trained_home.home, page="compare", study=trained_home.study)
    assert "Student with teacher" in told(page)
    page.selectbox(key=f"compare_right_{trained_home.study}").select(f"{trained_home.study}/teacher").run()
    assert "is worse than Teacher" in told(page) or "between Student with teacher and Teacher" in told(page)


def test_shared_runs_are_told_not_judged(app: App, two: tuple[Path, str, str]) -> None:
    home, first, second = two
    page = app(home, page="compare", studies=f"{first},{second}")
    ids = "_".join(sorted((first, second)))
    page.selectbox(key=f"compare_left_{ids}").select(f"{first}/teacher")
    page.selectbox(key=f"compare_right_{ids}").select(f"{second}/teacher").run()
    assert "the very same runs" in told(page)
    assert "No difference detected" in told(page)


def test_difference_is_left_minus_right_over_common_seeds(
    two: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, first, _ = two
    monkeypatch.setenv("KD_HOME", str(home))
    engine.store.cache_clear()
    by_arm = {side.arm: side for side in arms.sides_of([engine.store().studies.get(first)])}
    judged, rows = paired_verdict(by_arm["teacher"], by_arm["alone"])
    assert judged is not None and judged.seeds == 2
    assert judged.difference_pp == pytest.approx(rows["difference"].mean())
    assert list(rows["difference"]) == pytest.approx(list(rows["left"] - rows["right"]))


@pytest.mark.parametrize(
    ("judged", "said"),
    [
        (Verdict(1.0, (0.5, 1.5), "better", 5), "A is better than B: +1.00 percentage points"),
        (Verdict(-1.0, (-1.5, -0.5), "worse", 5), "A is worse than B: -1.00 percentage points"),
        (Verdict(1.0, (-0.5, 2.5), "no difference detected", 5), "No difference detected between A and B: +1.00"),
        (Verdict(1.0, None, "one seed", 1), "One seed: A minus B is +1.00 percentage points"),
    ],
)
def test_no_winner_without_an_interval_beside_zero(judged: Verdict, said: str) -> None:
    assert difference_sentence(judged, "A", "B").startswith(said)


@pytest.mark.parametrize(("taught", "said"), [(True, "-3.0 · teacher hurt"), (False, "-3.0 · worse than alone")])
def test_a_list_speaks_of_a_teacher_only_where_one_taught(taught: bool, said: str) -> None:
    assert study_list._verdict({"outcome": "worse", "pp": -3.0, "taught": taught}) == said


def test_only_what_differs_is_told() -> None:
    rows = differing([{"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}])
    assert rows == {"b": ["2", "3"], "c": ["–", "4"]}


def test_rename_note_and_keep_reach_the_store(app: App, tmp_path: Path) -> None:
    study = waiting(tmp_path, "stopped")
    page = app(tmp_path, page="compare", studies=study)
    page.text_input(key=f"study_name_{study}").set_value("<b>Müller</b> 🔥").run()
    page.text_area(key=f"study_note_{study}").set_value("line " * 1000).run()
    page.toggle(key=f"study_keep_{study}").set_value(True).run()
    row = row_of(tmp_path, study)
    assert (row.name, row.note, row.keep) == ("<b>Müller</b> 🔥", ("line " * 1000).strip(), True)
    assert page.button(key="study_delete").disabled
    assert not any("<b>" in one.value for one in page.header)


def test_delete_asks_first_and_leaves_shared_runs(app: App, tmp_path: Path) -> None:
    first, second = train_tiny_race(tmp_path), train_tiny_race(tmp_path, method__temperature=10)
    page = app(tmp_path, page="compare", studies=first)
    page.button(key="study_delete").click().run()
    assert "Runs that other studies use stay (1: " in told(page)
    page.button(key="study_delete_confirm").click().run()
    assert not page.exception
    left = Store(tmp_path)
    assert [row.id for row in left.studies.list()] == [second]
    assert len(left.studies.runs_of(second)) == 6


def test_study_deleted_in_another_tab_is_told_in_a_sentence(app: App, tmp_path: Path) -> None:
    first, second = waiting(tmp_path, "stopped"), waiting(tmp_path, "stopped")
    page = app(tmp_path, page="compare", studies=first)
    Store(tmp_path).studies.delete(first)
    page.text_input(key=f"study_name_{first}").set_value("late").run()
    assert "There is no study" in told(page) or "there is no study" in told(page)
    assert list(page.dataframe[0].value["number"]) == [2]
    assert row_of(tmp_path, second).name == ""


def test_failed_and_lost_studies_tell_why_and_can_be_resumed(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resumed: list[str] = []
    monkeypatch.setattr("kd_core.jobs.resume", lambda store, study, data_root, by: resumed.append(study))
    error = {"code": "numbers_broke", "fields": {"step": 12, "term": "teacher", "value": "nan"}, "sentence": "?"}
    failed, lost = waiting(tmp_path, "failed", error=error), waiting(tmp_path, "lost")
    assert "第 12 步" in told(app(tmp_path, page="compare", studies=failed, language="zh"))
    page = app(tmp_path, page="compare", studies=lost, language="en")
    assert "ended without a word" in told(page)
    page.button(key="study_resume").click().run()
    assert resumed == [lost]


def test_waiting_study_can_be_stopped(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    monkeypatch.setattr("kd_core.jobs.stop", lambda store, study, by: stopped.append(study))
    study = waiting(tmp_path)
    page = app(tmp_path, page="compare", studies=study)
    page.button(key="study_stop").click().run()
    assert stopped == [study]


def test_limit_of_the_store_can_be_set(app: App, tmp_path: Path) -> None:
    waiting(tmp_path, "stopped")
    page = app(tmp_path, page="compare")
    page.number_input(key="store_limit").set_value(5.0).run()
    assert Store(tmp_path).limit == 5 * 10**9


def test_export_has_recipe_and_results(two: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KD_HOME", str(two[0]))
    engine.store.cache_clear()
    exported = json.loads(_race_json(two[1]))
    assert exported["recipe"]["members"][0]["arm"] == "teacher"
    assert exported["arms"]["distilled"]["accuracy"]["values"]


def test_list_has_pages_of_fifty(app: App, tmp_path: Path) -> None:
    for _ in range(study_list.PAGE + 1):
        waiting(tmp_path, "stopped")
    page = app(tmp_path, page="compare")
    assert len(page.dataframe[0].value) == study_list.PAGE
    page.number_input(key="study_page").set_value(2).run()
    assert list(page.dataframe[0].value["number"]) == [1]
