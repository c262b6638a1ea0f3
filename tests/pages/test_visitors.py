"""Several people on one server: whose race a page shows, and what somebody else's page offers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from kd_core.recipe import PRESETS, Study
from kd_core.store import Store
from pages.parts.app import link_checks, visitors
from tests.pages.conftest import App, train_tiny_race

RECIPE = PRESETS["digits"].recipe
CHANGING = ("race_stop", "race_resume", "study_stop", "study_rename", "study_note", "study_keep", "study_delete")
"""Keys of what changes a study."""


@pytest.fixture(autouse=True)
def classroom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KD_MODE", "class")
    monkeypatch.setenv("KD_LECTURER", "chalk")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path)
    yield made
    made.close()


def race(temperature: float = 4.0) -> Study:
    return Study.race(RECIPE.changed({"method.temperature": temperature}), 1, "digits")


def texts(page: AppTest) -> str:
    assert not page.exception, page.exception
    return "\n".join(str(one.value) for one in [*page.markdown, *page.caption, *page.info, *page.warning, *page.error])


def offered(page: AppTest) -> set[str]:
    assert not page.exception, page.exception
    keys = {key for kind in ("button", "toggle", "popover") for key in [one.key for one in page.get(kind)]}
    keys |= {one.proto.id.rpartition("-")[2] for one in page.get("popover") if hasattr(one.proto, "id")}
    return keys & set(CHANGING)


def shown(page: AppTest) -> str:
    """The study in the link, or nothing."""
    assert not page.exception, page.exception
    return "".join(page.query_params.get("study", ""))


def test_a_page_shows_ones_own_race_that_is_alive_and_never_somebody_elses(
    app: App, tmp_path: Path, store: Store, warm: None
) -> None:
    anns, bens = store.studies.add(race(2.0), owner="ann"), store.studies.add(race(8.0), owner="ben")
    assert shown(app(tmp_path, visitor="ann")) == anns
    assert shown(app(tmp_path, visitor="ben")) == bens
    newcomer = app(tmp_path, visitor="cleo")
    assert shown(newcomer) == ""
    assert "recorded" in texts(newcomer)


def test_a_finished_race_of_ones_own_is_shown_when_the_form_asks_for_exactly_it(
    app: App, tmp_path: Path, store: Store, warm: None
) -> None:
    default = Study.race(RECIPE, PRESETS["digits"].seeds, "digits")
    done = store.studies.add(default, owner="ann")
    store.studies.end(done, "done")
    assert shown(app(tmp_path, visitor="ann")) == done
    assert shown(app(tmp_path, visitor="ben")) == ""
    moved = app(tmp_path, visitor="ann", **{"method.temperature": "8.0"})
    assert shown(moved) == ""


def test_a_sweep_of_somebody_else_takes_nobodys_introduction(
    app: App, tmp_path: Path, store: Store, warm: None
) -> None:
    axes = {"method.temperature": [RECIPE.method.temperature, 8.0], "method.teacher_weight": [0.5, 0.9]}
    swept = store.studies.add(Study.sweep(RECIPE, axes, 1, "digits"), owner="ann")
    store.studies.end(swept, "done")
    assert shown(app(tmp_path, visitor="ben")) == ""
    assert shown(app(tmp_path, visitor="ben", page="sweep")) == ""
    assert shown(app(tmp_path, visitor="ann", page="sweep")) == swept


@pytest.mark.parametrize("page", ["race", "compare"])
@pytest.mark.parametrize("status", ["queued", "stopped"])
def test_a_link_to_somebody_elses_study_shows_it_read_only(
    app: App, tmp_path: Path, store: Store, warm: None, page: str, status: str
) -> None:
    study = store.studies.add(race(), owner="ann")
    if status == "stopped":
        store.studies.end(study, "stopped")
    bens = app(tmp_path, visitor="ben", page=page, study=study, studies=study)
    assert shown(bens) == study
    assert offered(bens) == set()
    assert "somebody else's" in texts(bens)
    for visitor in ("ann", "lecturer"):
        assert offered(app(tmp_path, visitor=visitor, page=page, study=study, studies=study)) != set()


def test_a_press_of_start_trains_ones_own_whatever_is_in_sight(
    app: App, tmp_path: Path, store: Store, warm: None
) -> None:
    anns = store.studies.add(race(2.0), owner="ann")
    page = app(tmp_path, visitor="ben", study=anns)
    page.button(key="race_start").click().run()
    bens = shown(page)
    assert bens != anns
    assert store.owners.of(bens) == {"ben"}
    assert store.studies.get(anns).status == "queued"


def test_who_starts_alike_shares_one_study(app: App, tmp_path: Path, store: Store, warm: None) -> None:
    pages = [app(tmp_path, visitor=name).button(key="race_start").click().run() for name in ("ann", "ben", "cleo")]
    assert len({shown(page) for page in pages}) == 1
    assert store.owners.of(shown(pages[0])) == {"ann", "ben", "cleo"}
    assert "by you and 2 more" in texts(pages[2])
    pages[0].button(key="race_stop").click().run()
    assert store.studies.get(shown(pages[1])).status == "queued"
    assert store.owners.of(shown(pages[1])) == {"ben", "cleo"}


def test_a_full_queue_of_ones_own_refuses_in_a_sentence_and_keeps_what_waits(
    app: App, tmp_path: Path, store: Store, warm: None
) -> None:
    waiting = [store.studies.add(race(float(T)), owner="ann") for T in (2, 3, 5)]
    page = app(tmp_path, visitor="ann", study=waiting[0])
    page.button(key="race_start").click().run()
    assert "3 of your studies wait already" in texts(page)
    assert [row.status for row in store.studies.list()] == ["queued"] * 3
    assert shown(page) == waiting[0]


def test_a_waiting_race_tells_its_place_and_about_when_it_begins(
    app: App, tmp_path: Path, store: Store, warm: None
) -> None:
    for owner in ("ann", "ben"):
        store.studies.add(race(2.0 if owner == "ann" else 3.0), owner=owner, estimate=20.0)
    last = store.studies.add(race(8.0), owner="cleo", estimate=20.0)
    page = app(tmp_path, visitor="cleo", study=last)
    bars = [str(bar.proto) for bar in page.get("progress")]
    assert any("2 before it, begins in about 40 s" in bar for bar in bars), bars


def test_lists_hold_ones_own_studies_or_everybodys(app: App, tmp_path: Path, warm: None) -> None:
    study = train_tiny_race(tmp_path)
    other = Store(tmp_path)
    other.studies.add(race(), owner="ann", name="Ann's race")
    other.close()
    mine = app(tmp_path, visitor="ann", page="compare")
    assert list(mine.dataframe[0].value["name"]) == ["Ann's race"]
    mine.segmented_control(key="whose").set_value("all").run()
    assert list(mine.dataframe[0].value["whose"]) == ["you", "lecturer"]
    lecturers = app(tmp_path, visitor="lecturer", page="compare")
    assert list(lecturers.dataframe[0].value["number"]) == [1]
    assert study


def test_the_lecturers_secret_opens_everybodys_studies_and_a_wrong_one_does_not(
    app: App, tmp_path: Path, store: Store, warm: None
) -> None:
    study = store.studies.add(race(), owner="ann")
    page = app(tmp_path, visitor="ben", study=study)
    page.text_input(key="lecturer_secret").set_value("cheese").run()
    assert "not the lecturer's secret" in texts(page)
    assert "race_stop" not in offered(page)
    page = app(tmp_path, visitor="ben", study=study)
    page.text_input(key="lecturer_secret").set_value("chalk").run()
    assert "race_stop" in offered(page)
    page.button(key="race_stop").click().run()
    assert store.studies.get(study).status == "stopped"
    page = app(tmp_path, visitor="lecturer", study=study)
    page.button(key="lecturer_leave").click().run()
    assert offered(page) == set()


def test_a_person_alone_notices_nothing_of_visitors(
    app: App, tmp_path: Path, store: Store, warm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KD_MODE", "solo")
    study = store.studies.add(race(), owner="another browser")
    page = app(tmp_path, study=study)
    assert "race_stop" in offered(page)
    assert "somebody" not in texts(page)
    assert "lecturer_secret" not in [one.key for one in page.text_input]
    assert "whose" not in [one.key for one in page.segmented_control]
    assert shown(app(tmp_path)) == ""


def test_an_unknown_mode_is_told_in_a_sentence(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KD_MODE", "clas")
    assert "solo, class" in texts(app(tmp_path))


def test_the_browser_tells_who_sits_there_when_a_session_began_without_its_cookie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KD_HOME", str(tmp_path))
    state: dict[str, object] = {}
    monkeypatch.setattr(visitors.st, "session_state", state)
    made_up = visitors.visitor()
    cookie = visitors.identity().cookie(visitors.identity().visitor("ann"))
    assert visitors.cookie_for_browser()["new"]
    visitors.take_browsers_cookie("forged.v.cookie")
    assert visitors.visitor() == made_up
    state.clear()
    visitors.visitor()
    visitors.take_browsers_cookie(cookie)
    assert visitors.visitor().id == "ann"
    assert not visitors.cookie_for_browser()["new"]
    visitors.take_browsers_cookie(visitors.identity().cookie(visitors.identity().visitor("ben")))
    assert visitors.visitor().id == "ann"


def test_in_a_class_only_the_lecturer_chooses_which_folder_the_server_reads(
    app: App, tmp_path: Path, warm: None
) -> None:
    def paths(visitor: str) -> list[str]:
        return [one.key for one in app(tmp_path, visitor=visitor).text_input if one.key == "upload_path"]

    assert paths("lecturer") == ["upload_path"]
    assert paths("ann") == []


@pytest.mark.parametrize(
    ("changes", "leaves"),
    [
        ({"data.source.path": "/etc"}, True),
        ({"data.source": {"name": "image_folder", "path": "/etc"}}, True),
        ({"data.source": {"name": "image_folder", "path": "uploads/../../x"}}, True),
        ({"data.source.path": "{home}/uploads/cats"}, False),
        ({"data.source": {"name": "image_folder", "path": "{home}/uploads/cats"}}, False),
        ({"method.temperature": 3.0, "data.source": "digits"}, False),
    ],
)
def test_settings_that_name_a_folder_outside_the_uploads_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], leaves: bool
) -> None:
    monkeypatch.setenv("KD_HOME", str(tmp_path))

    def here(value: object) -> object:
        if isinstance(value, dict):
            return {name: here(inner) for name, inner in value.items()}
        return value.replace("{home}", str(tmp_path)) if isinstance(value, str) else value

    assert link_checks.leaves_uploads({path: here(value) for path, value in changes.items()}) is leaves
