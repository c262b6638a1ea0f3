"""The doctor in a real browser: opened by keyboard, content for axe on a phone, and its experiment is trained."""

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pages.parts.text.i18n import catalogue
from tests.browser.conftest import ROOT, Serve
from tests.browser.race_page import WARM, study_in
from tests.pages.conftest import TrainedHome, train_tiny_race

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> TrainedHome:
    """A race of three epochs without T²."""
    home: Path = tmp_path_factory.mktemp("doctor")
    study = train_tiny_race(home, method__scale_by_t2=False, method__temperature=20.0)
    return TrainedHome(home, study)


def opened(page: Page, address: str, language: str) -> None:
    page.goto(address)
    fold = page.locator(".st-key-doctor summary").first
    expect(fold).to_be_visible(timeout=WARM)
    expect(page.locator(".st-key-race_start button")).to_be_visible(timeout=WARM)
    fold.focus()
    page.keyboard.press("Enter")
    title = catalogue(language)["doctor.cause.t2_off"]
    expect(page.get_by_text(f"1 · {title}")).to_be_visible(timeout=WARM)


@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "zh")])
def test_findings_fit_a_phone_and_axe_is_content(
    page: Page, serve: Serve, raced: TrainedHome, scheme: str, language: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 390, "height": 844})
    url = serve(ROOT / "app.py", KD_HOME=str(raced.home))
    opened(page, f"{url}/?study={raced.study}&language={language}", language)
    expect(page.locator(".st-key-doctor_start_t2_off button")).to_be_enabled(timeout=WARM)
    page.wait_for_timeout(1000)
    assert page.get_by_test_id("stException").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    violations = Axe().run(page).response["violations"]
    told = [(rule["id"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in violations]
    assert not told, json.dumps(told, indent=1)


def test_one_press_trains_the_experiment_and_shows_it(page: Page, serve: Serve, raced: TrainedHome) -> None:
    url = serve(ROOT / "app.py", KD_HOME=str(raced.home))
    opened(page, f"{url}/?study={raced.study}", "en")
    start = page.locator(".st-key-doctor_start_t2_off button")
    expect(start).to_be_enabled(timeout=WARM)
    start.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"study=(?!{raced.study})"), timeout=WARM)
    assert study_in(page) != raced.study
    assert "method.scale_by_t2" not in page.url  # it is the preset's again
    verdict = page.locator(".st-key-race_verdict")
    expect(verdict).to_contain_text("n = 3 seeds", timeout=WARM)
