"""Pausing, and going on from mid-run with other settings, as the pages offer it; nothing trains here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from kd_core.recipe import PRESETS, Study
from kd_core.store import Store
from pages.parts.race.curves import fork_marks
from pages.parts.studies import moved_text
from pages.parts.text import i18n
from tests.pages.conftest import App

HOTTER = "8"


def asked(**changes: Any) -> Study:
    recipe = PRESETS["digits"].recipe.changed({name.replace("__", "."): value for name, value in changes.items()})
    return Study.race(recipe, 2, "digits")


def race(home: Path, status: str = "running", epochs: int = 7, owner: str = "", **changes: Any) -> str:
    """A race of the digits preset of which it was told that its distilled students stand after some epochs."""
    store, study = Store(home), asked(**changes)
    made = store.studies.add(study, status="running", owner=owner)
    if epochs:
        students = [member.recipe for member in study.members if member.arm == "distilled"]
        store.runs.update(*store.runs.begin(made, students), epoch=epochs)
    if status != "running":
        store.studies.end(made, status)
    store.close()
    return made


@pytest.fixture(autouse=True)
def unserved(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("queue", "lost"):
        monkeypatch.setattr(f"kd_core.jobs.{module}.mark_ended", lambda *args: False)
    monkeypatch.setattr("kd_core.jobs.lost.find_lost", lambda *args, **how: [])
    monkeypatch.setattr("kd_core.jobs.queue.ensure_supervisor", lambda *args: None)


def keys(page: AppTest) -> set[str]:
    return {str(button.key) for button in page.button}


def texts(page: AppTest) -> str:
    """Return all sentences, without what keeps others' words from being taken for markup."""
    shown = "\n".join(element.value for element in [*page.markdown, *page.caption, *page.info, *page.error])
    return shown.replace("\\", "").replace("\u2060", "")


@pytest.mark.parametrize(("page_name", "key"), [("race", "race"), ("sweep", "sweep"), ("method_race", "method_race")])
def test_pause_stands_beside_stop_and_a_study_that_waits_is_paused_at_once(
    app: App, tmp_path: Path, warm: None, page_name: str, key: str
) -> None:
    recipe, store = PRESETS["digits"].recipe, Store(tmp_path)
    study = {
        "race": lambda: asked(),
        "sweep": lambda: Study.sweep(recipe, {"method.temperature": [1, 4]}, preset="digits"),
        "method_race": lambda: Study.compare(recipe, ["soft_targets"], preset="digits"),
    }[page_name]()
    made = store.studies.add(study)
    page = app(tmp_path, page=page_name, study=made)
    assert {f"{key}_pause", f"{key}_stop"} <= keys(page)
    page.button(key=f"{key}_pause").click().run()
    assert not page.exception
    assert store.studies.get(made).status == "paused"
    assert "Paused before the first epoch was over." in texts(page)
    assert {"race_resume", "sweep_resume"} & keys(page)
    assert f"{key}_stop" not in keys(page)


def test_a_running_race_says_that_it_pauses_and_a_paused_one_where_it_stands(
    app: App, tmp_path: Path, warm: None
) -> None:
    study = race(tmp_path)
    page = app(tmp_path, study=study)
    page.button(key="race_pause").click().run()
    store = Store(tmp_path)
    assert (store.studies.get(study).status, store.studies.get(study).wish) == ("running", "pause")
    assert page.button(key="race_pause").disabled and not page.button(key="race_stop").disabled
    assert "Pauses at the end of this epoch" in str(page.get("progress")[0].proto)
    store.studies.end(study, "paused")
    page.run()
    assert "Paused after epoch 7 of 60" in texts(page)


def test_moving_the_temperature_in_mid_run_offers_to_go_on_and_the_press_ends_the_race_where_it_stands(
    app: App, tmp_path: Path, warm: None
) -> None:
    study = race(tmp_path, "paused")
    page = app(tmp_path, study=study, seeds="2")
    assert "race_fork" not in keys(page)
    page.select_slider(key="set.method.temperature").set_value(HOTTER).run()
    assert page.button(key="race_fork").label == "Go on from epoch 7 with these settings"
    assert "where #1 stands: T 4 → 8" in texts(page)
    page.button(key="race_fork").click().run()
    assert not page.exception
    store = Store(tmp_path)
    child, parent = store.studies.list()
    assert (child.status, parent.status) == ("queued", "forked")
    assert page.query_params["study"] in (child.id, [child.id])
    students = [member["recipe"] for member in child.spec["members"] if member["arm"] == "distilled"]
    assert [(one["seed"], one["fork"]["epoch"], one["method"]["temperature"]) for one in students] == [
        (0, 7, 8.0),
        (1, 7, 8.0),
    ]
    assert [one["fork"]["parent"] for one in students] == [
        m.recipe.fingerprint() for m in asked().members if m.arm == "distilled"
    ]
    assert "from #1 at epoch 7: T 4 → 8" in texts(page)
    assert "race_fork" not in keys(page)
    store.studies.end(child.id, "paused")
    page.run()
    assert "belong to other settings" not in texts(page)
    page.select_slider(key="set.method.temperature").set_value("4").run()
    assert "belong to other settings" in texts(page)


def test_a_race_that_trains_offers_it_without_an_epoch_and_says_why_where_no_student_has_begun(
    app: App, tmp_path: Path, warm: None
) -> None:
    study = race(tmp_path, epochs=0)
    page = app(tmp_path, study=study)
    page.select_slider(key="set.method.temperature").set_value(HOTTER).run()
    assert page.button(key="race_fork").label == "Go on from here with these settings"
    page.button(key="race_fork").click().run()
    assert not page.exception
    assert "nothing to go on from" in texts(page)
    store = Store(tmp_path)
    assert (len(store.studies.list()), store.studies.get(study).status, store.studies.get(study).wish) == (
        1,
        "running",
        None,
    )


def test_other_changes_need_a_new_race_and_are_named(app: App, tmp_path: Path, warm: None) -> None:
    study = race(tmp_path, "paused")
    page = app(tmp_path, study=study, **{"method.temperature": HOTTER, "optim.batch": "16"})
    assert "race_fork" not in keys(page)
    assert "need a new race: Batch size" in texts(page)


def test_a_protocol_of_several_networks_says_that_it_cannot_be_forked(app: App, tmp_path: Path, warm: None) -> None:
    study = race(tmp_path, "paused", protocol={"name": "chain", "generations": 2})
    link = {"protocol": "chain", "method.temperature": HOTTER}
    page = app(tmp_path, study=study, **link)
    assert not page.exception
    assert "race_fork" not in keys(page)
    assert "several networks learn from each other or one after another" in texts(page)


@pytest.mark.parametrize("status", ["done", "queued"])
def test_a_race_that_waits_or_is_done_offers_no_fork(app: App, tmp_path: Path, warm: None, status: str) -> None:
    study = race(tmp_path, status)
    page = app(tmp_path, study=study, **{"method.temperature": HOTTER})
    assert "race_fork" not in keys(page)


def test_only_its_owner_and_the_lecturer_pause_and_fork(
    app: App, tmp_path: Path, warm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KD_MODE", "class")
    study = race(tmp_path, owner="a" * 16)
    seen = {}
    for visitor in ("b" * 16, "lecturer"):
        page = app(tmp_path, visitor=visitor, study=study, **{"method.temperature": HOTTER})
        seen[visitor] = keys(page) & {"race_pause", "race_stop", "race_fork"}
    assert seen == {"b" * 16: set(), "lecturer": {"race_pause", "race_stop", "race_fork"}}


def test_a_deleted_parent_is_told_as_an_earlier_race(app: App, tmp_path: Path, warm: None) -> None:
    store = Store(tmp_path)
    parent = race(tmp_path, "paused")
    child = store.studies.add(asked().forked(7, {"method.teacher_weight": 0.5}), status="done")
    store.delete(parent)
    page = app(tmp_path, study=child)
    assert not page.exception
    assert "from an earlier race at epoch 7: α 0.9 → 0.5" in texts(page)


def test_the_curve_is_marked_where_settings_moved_once_for_every_fork() -> None:
    first = asked().forked(7, {"method.temperature": 8.0})
    second = first.forked(20, {"method.temperature": 2.0, "method.teacher_weight": 0.5})
    recipe = json.loads(json.dumps(second.members[-1].recipe.to_json()))
    assert [(mark.x, mark.label) for mark in fork_marks(recipe)] == [(7.0, "T 4 → 8"), (20.0, "α 0.9 → 0.5, T 8 → 2")]
    assert fork_marks(asked().members[-1].recipe.to_json()) == []


def test_an_empty_weight_and_no_change_at_all_have_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "en")
    assert (
        moved_text({"method.label_weight": (None, 0.5)}, asked().members[-1].recipe.to_json())
        == "Label weight empty → 0.5"
    )
    assert moved_text({}, {}) == "nothing changed"
