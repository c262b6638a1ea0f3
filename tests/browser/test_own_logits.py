"""Own logits in a real Chromium: pasted, uploaded, still there after a reload, on a phone, and axe is content."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pages.parts.text.i18n import catalogue
from tests.browser.conftest import ROOT, Serve
from tests.browser.race_page import WARM

pytestmark = pytest.mark.browser
TABLE = "cat,dog,fox,label\n2.5,1.5,-1,cat\n0.5,3,1e-3,dog\n-1,0,4.25,fox\n1,2,0,cat\n"
TABLE += "3,2.5,0,cat\n0,2.25,2,fox\n"
WIDTHS = {"phone": (390, 844), "projector": (1280, 720)}
VIEWS = [("phone", "light", "en"), ("projector", "dark", "zh"), ("projector", "light", "en"), ("phone", "dark", "zh")]


@pytest.fixture(scope="module")
def url(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    return serve(ROOT / "app.py", KD_HOME=str(tmp_path_factory.mktemp("own")))


def opened(page: Page, url: str, language: str = "en", query: str = "") -> dict[str, str]:
    """Open Soft labels with the fold for one's own logits; return the page's words."""
    words = catalogue(language)
    page.goto(f"{url}/soft_labels?language={language}{query}")
    fold = page.get_by_text(words["own_logits.open"], exact=True)
    expect(fold).to_be_visible(timeout=WARM)
    fold.click()
    expect(page.get_by_label(words["own_logits.paste"])).to_be_visible(timeout=WARM)
    return words


def paste(page: Page, words: dict[str, str], text: str) -> None:
    box = page.get_by_label(words["own_logits.paste"])
    box.fill(text)
    box.press("Control+Enter")
    use = page.get_by_role("button", name=words["own_logits.use"], exact=True)
    expect(use).to_be_enabled(timeout=WARM)
    use.click()


def settled(page: Page) -> None:
    """Wait until the server has nothing more to say, so that nothing is looked at while it changes."""
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=WARM)
    page.wait_for_timeout(1000)


@pytest.mark.parametrize(("width", "scheme", "language"), VIEWS)
def test_a_pasted_table_is_looked_at_and_is_there_after_a_reload(
    page: Page, url: str, width: str, scheme: str, language: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))  # type: ignore[arg-type]
    words = opened(page, url, language)
    paste(page, words, TABLE)
    read = words["own_logits.read"].format(title="pasted.csv", n="6", k=3)
    expect(page.get_by_text(read)).to_be_visible(timeout=WARM)
    page.reload()
    expect(page.get_by_text(read)).to_be_visible(timeout=WARM)
    expect(page.get_by_test_id("bars").first).to_be_visible(timeout=WARM)
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(2, timeout=WARM)
    settled(page)
    assert page.get_by_test_id("stException").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    violations = Axe().run(page).response["violations"]
    told = [(each["id"], [node["html"][:160] for node in each["nodes"]][:3]) for each in violations]
    if folder := os.environ.get("KD_PICTURES"):
        page.screenshot(path=f"{folder}/own-{width}-{scheme}-{language}.png", full_page=True)
    assert told == []


def test_an_uploaded_file_of_probabilities_is_asked_about(page: Page, url: str, tmp_path: Path) -> None:
    words = opened(page, url)
    p = np.random.default_rng(0).dirichlet(np.ones(4), 30)
    np.savez(tmp_path / "big.npz", p=p, labels=p.argmax(1))
    page.get_by_test_id("stFileUploaderDropzone").first.locator("input").set_input_files(tmp_path / "big.npz")
    use = page.get_by_role("button", name=words["own_logits.use"], exact=True)
    expect(use).to_be_enabled(timeout=WARM)
    use.click()
    sure = page.get_by_role("button", name=words["own_logits.probabilities_yes"])
    expect(sure).to_be_visible(timeout=WARM)
    settled(page)
    assert Axe().run(page).response["violations"] == []
    sure.click()
    read = words["own_logits.read"].format(title="big.npz", n="30", k=4)
    expect(page.get_by_text(read)).to_be_visible(timeout=WARM)


def test_a_broken_table_is_refused_with_row_and_column(page: Page, url: str) -> None:
    words = opened(page, url)
    paste(page, words, "cat,dog\n1,2\n3,nan\n")
    expect(page.get_by_text("is no finite number")).to_be_visible(timeout=WARM)


def test_all_of_it_goes_by_the_keyboard(page: Page, url: str) -> None:
    words = opened(page, url)
    page.get_by_label(words["own_logits.paste"]).focus()
    page.keyboard.insert_text(TABLE)
    page.keyboard.press("Control+Enter")
    use = page.get_by_role("button", name=words["own_logits.use"], exact=True)
    expect(use).to_be_enabled(timeout=WARM)
    for _ in range(6):
        page.keyboard.press("Tab")
        if use.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    read = words["own_logits.read"].format(title="pasted.csv", n="6", k=3)
    expect(page.get_by_text(read)).to_be_visible(timeout=WARM)


@pytest.mark.parametrize(("width", "scheme", "language"), VIEWS[:2])
def test_the_race_page_offers_a_teacher_from_a_file(
    page: Page, url: str, tmp_path: Path, width: str, scheme: str, language: str
) -> None:
    words = catalogue(language)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))  # type: ignore[arg-type]
    page.goto(f"{url}/?language={language}")
    fold = page.get_by_text(words["race.all_settings"], exact=True)
    expect(fold).to_be_visible(timeout=WARM)
    fold.click()
    page.get_by_role("tab", name=words["race.subject.teacher"]).click(timeout=WARM)
    page.get_by_role("button", name=words["own_teacher.open"]).click(timeout=WARM)
    page.get_by_text(words["own_teacher.logits"], exact=True).click(timeout=WARM)
    expect(page.get_by_text(words["own_teacher.rules_logits"])).to_be_visible(timeout=WARM)
    settled(page)
    (tmp_path / "big.csv").write_text("1.5,2\n2.5,3\n")
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(tmp_path / "big.csv")
    page.get_by_role("button", name=words["own_teacher.use"], exact=True).click(timeout=WARM)
    sentence = page.get_by_text(words["own_teacher.teaches_logits"].format(file="big.csv"))
    expect(sentence).to_be_attached(timeout=WARM)
    settled(page)
    if not sentence.is_visible():  # on a busy machine the first tab may have come to the front
        page.get_by_role("tab", name=words["race.subject.teacher"]).click(timeout=WARM)
    expect(sentence).to_be_visible(timeout=WARM)
    violations = Axe().run(page).response["violations"]
    if folder := os.environ.get("KD_PICTURES"):
        page.screenshot(path=f"{folder}/teacher-{width}-{scheme}-{language}.png", full_page=True)
    assert [(each["id"], [node["html"][:160] for node in each["nodes"]][:3]) for each in violations] == []
