"""The dashboard in a real Chromium: the first screen, a race from button to verdict, and what may not be lost."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from kd_core.store import Store
from tests.browser.conftest import ROOT, Serve
from tests.browser.race_page import WARM, start_button, stop_button, study_in

pytestmark = pytest.mark.browser
PAGES = ("", "soft_labels", "loss_lab", "inspect", "sweep", "method_race", "compare", "speed", "methods", "evidence")
SHORT = "optim.epochs=4&teacher.optim.epochs=3&seeds=2"
LONG = "optim.epochs=2000&teacher.optim.epochs=2&seeds=1"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("race")


@pytest.fixture
def url(serve: Serve, home: Path) -> str:
    return serve(ROOT / "app.py", KD_HOME=str(home))


@pytest.fixture(autouse=True)
def no_job_is_left(home: Path) -> Iterator[None]:
    yield
    store = Store(home)
    for study in store.studies.list(status=("queued", "running")):
        store.studies.ask_stop(study.id)
    store.close()


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def test_the_first_screen_shows_a_digit_its_bars_and_a_recorded_race(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_test_id("bars")).to_be_visible(timeout=WARM)
    expect(page.get_by_test_id("view-temperature")).to_be_visible()
    expect(page.get_by_text("recorded: seed 0-4")).to_be_visible()
    expect(page.get_by_text(re.compile("The teacher helped|No difference|The teacher hurt"))).to_be_visible()
    expect(start_button(page)).to_be_enabled(timeout=WARM)


@pytest.mark.parametrize("name", ["", "sweep", "method_race"])
def test_on_a_phone_the_picture_comes_before_the_form_and_beside_a_screen_after_it(
    page: Page, url: str, name: str
) -> None:
    both = page.locator(".st-key-form_and_picture").get_by_test_id("stHorizontalBlock").first
    columns = both.locator(':scope > [data-testid="stColumn"]')
    places = {}
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{url}/{name}")
        page.locator('[class*="st-key-preset"]').wait_for(timeout=WARM)
        # Both at one moment: a page that is still growing moves between two questions.
        corners = "all => all.map((one) => [one.getBoundingClientRect().x, one.getBoundingClientRect().y])"
        form, picture = columns.evaluate_all(corners)[:2]
        places[width] = (form[0] < picture[0], form[1] > picture[1])
        assert overflow(page) <= 0
    assert places == {1280: (True, False), 390: (False, True)}


def test_all_settings_stand_in_tabs_that_stay_open_while_one_is_changed(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(url)
    start_button(page).wait_for(timeout=WARM)
    page.get_by_text("All settings").click()
    page.get_by_role("tab", name="Student").click()
    widths = page.locator('[class*="st-key-set-student-widths"] input')
    widths.fill("16")
    widths.press("Enter")
    expect(page.locator('[class*="st-key-set-student-widths"]')).to_contain_text("●")
    expect(page.get_by_role("tab", name="Student")).to_have_attribute("aria-selected", "true")
    form = page.locator(".st-key-form_and_picture").get_by_test_id("stColumn").first
    edge = form.locator(":scope > *").first.bounding_box()
    assert edge is not None
    assert edge["height"] < 2600


def test_a_race_runs_from_the_button_to_its_verdict(page: Page, url: str, home: Path) -> None:
    page.goto(f"{url}/?{SHORT}")
    start_button(page).click(timeout=WARM)
    expect(stop_button(page)).to_be_visible(timeout=WARM)
    verdict = page.locator(".st-key-race_verdict")
    expect(verdict).to_contain_text("n = 2 seeds", timeout=WARM)
    expect(stop_button(page)).to_have_count(0, timeout=WARM)
    store = Store(home)
    row = store.studies.get(study_in(page))
    assert (row.status, row.seeds) == ("done", 2)
    store.close()


def test_the_chart_shows_what_the_store_holds(page: Page, url: str, home: Path) -> None:
    page.goto(f"{url}/?{SHORT}")
    start_button(page).click(timeout=WARM)
    expect(page.locator(".st-key-race_verdict")).to_contain_text("n = 2 seeds", timeout=WARM)
    expect(stop_button(page)).to_have_count(0, timeout=WARM)
    store = Store(home)
    study = study_in(page)
    alone = [member.run for member in store.studies.members(study) if member.arm == "alone"]
    last = [row.scores["test"]["accuracy"] or 0 for row in store.runs.epochs(filter(None, alone)) if row.epoch == 3]
    store.close()
    expect(page.get_by_test_id("curve-csv")).to_have_count(1)  # while the page is drawn anew the old one is still there
    with page.expect_download() as download:
        page.get_by_test_id("curve-csv").click()
    text = Path(download.value.path()).read_text("utf-8-sig")
    shown = [float(number) for line in text.splitlines() if "Student alone" in line for number in line.split(",")[2:3]]
    assert shown[-1] == pytest.approx(sum(last) / 2, rel=1e-4) or f"{sum(last) / 2:.6g}" in text


def test_stop_ends_a_race_and_what_was_trained_stays(page: Page, url: str, home: Path) -> None:
    page.goto(f"{url}/?{LONG}")
    start_button(page).click(timeout=WARM)
    stop_button(page).wait_for(timeout=WARM)
    expect(page.get_by_text("1 of 3 networks trained")).to_be_visible(timeout=WARM)
    stop_button(page).click()
    expect(page.locator(".st-key-race_resume button")).to_be_visible(timeout=10_000)
    store = Store(home)
    study = study_in(page)
    assert store.studies.get(study).status == "stopped"
    assert [run.status for run in store.studies.runs_of(study).values()].count("done") == 1
    store.close()


def test_reloading_in_mid_run_and_a_second_tab_lose_nothing(page: Page, url: str) -> None:
    page.goto(f"{url}/?{LONG}")
    start_button(page).click(timeout=WARM)
    stop_button(page).wait_for(timeout=WARM)
    study = study_in(page)
    page.reload()
    expect(stop_button(page)).to_be_visible(timeout=WARM)
    assert study_in(page) == study
    other = page.context.new_page()
    other.goto(url)
    expect(stop_button(other)).to_be_visible(timeout=WARM)
    other.close()
    stop_button(page).click()
    expect(page.locator(".st-key-race_resume button")).to_be_visible(timeout=10_000)


def test_touching_controls_and_changing_page_does_not_disturb_a_run(page: Page, url: str, home: Path) -> None:
    page.goto(f"{url}/?{LONG}")
    start_button(page).click(timeout=WARM)
    stop_button(page).wait_for(timeout=WARM)
    study = study_in(page)
    page.get_by_role("link", name="Methods").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("kinds of distillation", timeout=WARM)
    page.get_by_role("link", name="Race", exact=True).click()
    expect(stop_button(page)).to_be_visible(timeout=WARM)
    assert study_in(page) == study
    store = Store(home)
    assert store.studies.get(study).status == "running"
    store.close()


def test_every_page_is_one_click_away_and_each_group_of_them_is_named(page: Page, url: str) -> None:
    name_before = "links => links.map(link => getComputedStyle(link.closest('.rc-overflow-item'), '::before').content)"
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(url)
    links = page.get_by_test_id("stTopNavLink")
    expect(links.last).to_be_visible(timeout=WARM)
    named = "() => getComputedStyle(document.querySelector('.rc-overflow-item'), '::before').content !== 'none'"
    page.wait_for_function(named, timeout=WARM)
    titles, groups = links.all_inner_texts(), links.evaluate_all(name_before)
    first_of = {group.strip('"'): title for title, group in zip(titles, groups, strict=True) if group != "none"}
    assert first_of == {"Explore": "Race", "Search": "Sweep", "Ship": "Speed and size", "Learn": "Methods"}
    assert all(link.bounding_box()["width"] > 0 for link in links.all())  # none is in a menu


def test_the_language_changes_in_the_page_and_in_the_link(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("radio", name="中文").or_(page.get_by_text("中文", exact=True)).first.click(timeout=WARM)
    expect(page.get_by_role("heading", level=1)).to_have_text("教师模型有帮助吗？")
    expect(page).to_have_url(re.compile("language=zh"))
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("教师模型有帮助吗？", timeout=WARM)


def test_a_link_restores_settings_sample_and_view(page: Page, url: str) -> None:
    page.goto(f"{url}/?v=1&method.temperature=8&seeds=3&sample=7&T=20&axis=log")
    start_button(page).wait_for(timeout=WARM)
    expect(page.get_by_test_id("view-temperature-box")).to_have_value("20")
    expect(page.get_by_test_id("axis-log")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".st-key-seeds")).to_contain_text("3")
    expect(page.locator('[class*="st-key-set-method-temperature"]')).to_contain_text("8")
    expect(page.get_by_role("img", name=re.compile("Test image 7"))).to_be_visible()


@pytest.mark.parametrize("width", [390, 1024, 1280])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wider_than_the_window(page: Page, url: str, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 720})
    page.goto(f"{url}/{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=WARM)
    page.wait_for_timeout(1500)
    assert overflow(page) <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_to_complain_of(page: Page, url: str, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{url}/{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=WARM)
    page.wait_for_timeout(2500)
    found = Axe().run(page).response["violations"]
    told = [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in found]
    assert not told, json.dumps(told, indent=1)
