"""What a person takes away, in a real Chromium: drawings as SVG, the script, the recipe and the report."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import ROOT, Serve
from tests.browser.race_page import WARM
from tests.pages.conftest import train_tiny_race

pytestmark = pytest.mark.browser
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store with a tiny race, and its study."""
    home = tmp_path_factory.mktemp("takeaway")
    return home, train_tiny_race(home)


def downloaded(page: Page, button: Locator) -> tuple[str, str]:
    """Return name and text of what a button gives."""
    with page.expect_download() as download:
        button.click()
    return download.value.suggested_filename, Path(download.value.path()).read_text("utf-8")


def drawn(source: str) -> ElementTree.Element:
    """Return the root of a drawing that stands by itself: well-formed, sized, without a variable of the page."""
    root = ElementTree.fromstring(source)
    assert root.tag == f"{SVG}svg" and float(root.attrib["width"]) > 200
    assert "var(--" not in "".join(style for node in root.iter() if (style := node.get("style")))
    return root


@pytest.mark.parametrize("kind", ["bars", "curve"])
def test_a_component_of_ours_gives_its_drawing_with_letters(page: Page, serve: Serve, kind: str) -> None:
    page.goto(f"{serve(ROOT / 'tests/browser/component_gallery.py')}/?only={kind}")
    expect(page.get_by_test_id(kind)).to_be_visible(timeout=WARM)
    name, source = downloaded(page, page.get_by_test_id(f"{kind}-svg"))
    root = drawn(source)
    words = [text.text for text in root.iter(f"{SVG}text") if text.text]
    assert name.endswith(".svg")
    assert any("0.5" in word or "%" in word for word in words), words
    shown = page.get_by_test_id(kind).locator("path, rect").count()
    assert len([*root.iter(f"{SVG}path"), *root.iter(f"{SVG}rect")]) >= shown


@pytest.fixture
def race(page: Page, serve: Serve, trained: tuple[Path, str]) -> Page:
    """The Race page on the tiny race, in Chinese where the test is about words."""
    home, study = trained
    page.goto(f"{serve(ROOT / 'app.py', KD_HOME=str(home))}/?study={study}")
    expect(page.get_by_text("Show me the code")).to_be_visible(timeout=WARM)
    return page


def test_the_script_and_the_recipe_are_copied_and_downloaded(race: Page) -> None:
    race.get_by_text("Show me the code").click()
    script = race.locator(".st-key-own_code_script button")
    expect(script).to_be_visible(timeout=WARM)
    name, source = downloaded(race, script)
    assert name == "distil.py" and "def kl_divergence" in source
    compile(source, name, "exec")
    expect(race.locator(".st-key-own_code code")).to_contain_text("class Teacher")
    name, text = downloaded(race, race.locator(".st-key-own_code_recipe button"))
    assert name == "recipe.json" and json.loads(text)["method"]["temperature"] == 4


def test_the_code_is_read_by_keyboard_on_a_phone_and_axe_is_content(race: Page) -> None:
    race.set_viewport_size({"width": 390, "height": 844})
    fold = race.locator(".st-key-own_code summary")
    fold.focus()
    race.keyboard.press("Enter")
    expect(race.locator(".st-key-own_code_script button")).to_be_visible(timeout=WARM)
    assert race.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    content(race)


def content(page: Page) -> None:
    """Axe finds nothing."""
    found = Axe().run(page).response["violations"]
    told = [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in found]
    assert not told, json.dumps(told, indent=1)


@pytest.mark.parametrize(("language", "words"), [("en", "How to reproduce it"), ("zh", "如何重现")])
def test_the_report_opens_by_itself_in_the_readers_language(
    page: Page, serve: Serve, trained: tuple[Path, str], tmp_path: Path, language: str, words: str
) -> None:
    home, study = trained
    page.goto(f"{serve(ROOT / 'app.py', KD_HOME=str(home))}/compare?studies={study}&language={language}")
    button = page.locator(".st-key-study_report button").first
    expect(button).to_be_visible(timeout=WARM)
    name, source = downloaded(page, button)
    assert name == f"report_{study}.html" and words in source and f"?v=1&amp;study={study}" in source
    (tmp_path / name).write_text(source, "utf-8")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for width, scheme in ((1280, "light"), (390, "dark")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 720})
        page.goto(f"file://{tmp_path / name}")
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        assert page.locator("figure svg").count() == 2
        content(page)
    assert {url.partition(":")[0] for url in asked} == {"file"}


def test_plotlys_bar_saves_an_svg_beside_its_png(page: Page, serve: Serve, trained: tuple[Path, str]) -> None:
    home, _ = trained
    page.goto(f"{serve(ROOT / 'app.py', KD_HOME=str(home))}/evidence")
    plot = page.locator(".js-plotly-plot").first
    expect(plot).to_be_visible(timeout=WARM)
    button = plot.get_by_role("button", name="Download plot as an SVG")
    expect(button).to_have_count(1)
    button.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".svg")
    drawn(Path(download.value.path()).read_text("utf-8"))
    with page.expect_download() as download:
        plot.get_by_role("button", name="Download plot as a PNG").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_a_maps_letters_keep_their_rim_and_its_title_is_whole(
    page: Page, serve: Serve, trained: tuple[Path, str]
) -> None:
    """The recorded sweep: letters over hatching are drawn above their rim, and the picture is as wide as its title."""
    home, _ = trained
    page.goto(f"{serve(ROOT / 'app.py', KD_HOME=str(home))}/sweep")
    button = page.get_by_test_id("map-svg")
    expect(button).to_be_visible(timeout=WARM)
    _, source = downloaded(page, button)
    root = drawn(source)
    rimmed = [text for text in root.iter(f"{SVG}text") if "paint-order: stroke" in (text.get("style") or "")]
    assert rimmed
    title = page.evaluate(
        "svg => { const box = document.createElement('div'); box.innerHTML = svg; document.body.append(box);"
        " const text = box.querySelector('text'); const wide = text.getComputedTextLength() + 8; box.remove();"
        " return wide }",
        source,
    )
    assert title <= float(root.attrib["width"])
