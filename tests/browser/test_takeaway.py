"""What a person takes away, in a real Chromium: drawings as SVG, the script, the recipe and the report."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
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
