"""The Sweep page in a real Chromium: from the button to the map, hand and keyboard on it, and into one of its runs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from kd_core.results.sweep import load_sweep
from kd_core.store import Store
from tests.browser.conftest import ROOT, Serve
from tests.browser.race_page import WARM, study_in

pytestmark = pytest.mark.browser
AXES = "x=method.temperature%3D1,4,16&y=method.teacher_weight%3D0.5,0.9&seeds=2"
SHORT = f"{AXES}&optim.epochs=4&teacher.optim.epochs=3"
LONG = f"{AXES}&optim.epochs=2000&teacher.optim.epochs=2"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweep")


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


@pytest.fixture
def swept(page: Page, url: str, home: Path) -> str:
    """A finished sweep of 3 x 2 cells in the store, trained by the page's own button."""
    store = Store(home)
    done = [row.id for row in store.studies.list(status=("done",)) if row.kind == "sweep"]
    store.close()
    if done:
        return done[0]
    page.goto(f"{url}/sweep?{SHORT}")
    start(page)
    expect(finding(page)).to_contain_text("among 6 cells", timeout=WARM)
    expect(page.locator(".st-key-sweep_stop button")).to_have_count(0, timeout=WARM)
    return study_in(page)


def start(page: Page) -> None:
    page.locator(".st-key-sweep_start button").click(timeout=WARM)


def finding(page: Page) -> Locator:
    return page.locator(".st-key-sweep_finding")


def bar(page: Page, role: str, index: int) -> float:
    return float(page.get_by_test_id(f"bar-{role}-{index}").get_attribute("data-p") or "nan")


def test_the_button_trains_every_cell_of_a_sweep(swept: str, home: Path) -> None:
    store = Store(home)
    found = load_sweep(store, swept)
    store.close()
    assert [cell.ended for cell in found.cells] == [True] * 6
    assert all(cell.interval is not None for cell in found.cells)


def test_every_cell_has_its_gain_written_in_it(page: Page, url: str, swept: str, home: Path) -> None:
    page.goto(f"{url}/sweep?study={swept}")
    expect(page.get_by_test_id("map")).to_be_visible(timeout=WARM)
    store = Store(home)
    found = load_sweep(store, swept)
    store.close()
    for cell in found.cells:
        gain = cell.gain or 0.0
        shown = page.get_by_test_id(f"cell-{cell.index}").locator(".map-value")
        expect(shown).to_have_text(f"{gain:+.1f}" if abs(gain) >= 0.05 else "0.0")


def test_the_cells_move_while_they_train_and_stop_answers(page: Page, url: str) -> None:
    page.goto(f"{url}/sweep?{LONG}")
    start(page)
    cell = page.get_by_test_id("cell-5")
    expect(cell.locator(".map-value")).not_to_have_text("", timeout=WARM)
    expect(page.get_by_text(re.compile(r"epoch \d+ of 2000")).first).to_be_visible()
    handle = cell.element_handle()
    cell.hover()
    expect(page.get_by_test_id("map-name")).to_have_text("Temperature 16 · Teacher weight (α) 0.9")
    lines = page.get_by_test_id("map-lines")
    before = lines.inner_text()
    expect(lines).not_to_have_text(before, timeout=WARM)
    assert handle is not None and handle.evaluate("node => node.isConnected"), "the map was drawn anew"
    expect(page.get_by_test_id("map-name")).to_have_text("Temperature 16 · Teacher weight (α) 0.9")
    page.locator(".st-key-sweep_stop button").click()
    expect(page.locator(".st-key-sweep_resume button")).to_be_visible(timeout=10_000)
    expect(cell.locator(".map-value")).not_to_have_text("")
    page.locator(".st-key-sweep_resume button").click()
    expect(page.get_by_text(re.compile(r"epoch \d+ of 2000")).first).to_be_visible(timeout=WARM)
    page.locator(".st-key-sweep_stop button").click(timeout=WARM)
    expect(page.locator(".st-key-sweep_resume button")).to_be_visible(timeout=10_000)


def test_pointing_at_a_cell_shows_its_softened_bars(page: Page, url: str, swept: str) -> None:
    page.goto(f"{url}/sweep?study={swept}&sample=3&T=2")
    page.get_by_test_id("cell-0").hover(timeout=WARM)
    expect(page.get_by_test_id("map-name")).to_have_text("Temperature 1 · Teacher weight (α) 0.5")
    first = [bar(page, "distilled", index) for index in range(10)]
    teacher = [bar(page, "teacher", index) for index in range(10)]
    assert sum(first) == pytest.approx(1) and sum(teacher) == pytest.approx(1)
    page.get_by_test_id("cell-5").hover()
    expect(page.get_by_test_id("map-name")).to_have_text("Temperature 16 · Teacher weight (α) 0.9")
    assert [bar(page, "distilled", index) for index in range(10)] != pytest.approx(first)
    assert [bar(page, "teacher", index) for index in range(10)] == pytest.approx(teacher)
    page.get_by_test_id("view-temperature-box").fill("inf")
    page.get_by_test_id("view-temperature-box").press("Enter")
    assert bar(page, "distilled", 4) == pytest.approx(0.1)
    expect(page).to_have_url(re.compile("T=inf"))


def test_the_keyboard_walks_over_the_map_and_opens_a_cell(page: Page, url: str, swept: str) -> None:
    page.goto(f"{url}/sweep?study={swept}&cell=0")
    cells = page.get_by_test_id("map-cells")
    expect(page.get_by_test_id("map-name")).to_have_text("Temperature 1 · Teacher weight (α) 0.5", timeout=WARM)
    cells.focus()
    cells.press("ArrowRight")
    expect(page.get_by_test_id("map-name")).to_have_text("Temperature 4 · Teacher weight (α) 0.5")
    cells.press("ArrowUp")
    expect(page.get_by_test_id("map-name")).to_have_text("Temperature 4 · Teacher weight (α) 0.9")
    expect(page.get_by_test_id("cell-3")).to_have_attribute("aria-selected", "true")
    cells.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Does the teacher help?", timeout=WARM)
    expect(page).to_have_url(re.compile(f"study={swept}.*cell=3"))


def test_a_click_opens_the_run_of_a_cell(page: Page, url: str, swept: str) -> None:
    page.goto(f"{url}/sweep?study={swept}")
    page.get_by_test_id("cell-4").click(timeout=WARM)
    expect(page.get_by_role("heading", level=1)).to_have_text("Does the teacher help?", timeout=WARM)
    expect(page).to_have_url(re.compile(f"study={swept}.*cell=4"))


def test_the_map_can_be_taken_along(page: Page, url: str, swept: str) -> None:
    page.goto(f"{url}/sweep?study={swept}")
    page.get_by_test_id("map-png").wait_for(timeout=WARM)
    with page.expect_download() as picture:
        page.get_by_test_id("map-png").click()
    assert Path(picture.value.path()).read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as rows:
        page.locator(".st-key-sweep_cells_csv button").first.click()
    lines = Path(rows.value.path()).read_text("utf-8-sig").splitlines()
    assert len(lines) == 7 and lines[0].startswith("cell,method.temperature,method.teacher_weight,gain_pp")


@pytest.mark.parametrize("width", [390, 1024, 1280])
def test_the_map_is_never_wider_than_the_window(page: Page, url: str, swept: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 720})
    page.goto(f"{url}/sweep?study={swept}")
    expect(page.get_by_test_id("map")).to_be_visible(timeout=WARM)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    room = page.get_by_test_id("map").bounding_box()
    assert room is not None and room["x"] + room["width"] <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_of_on_the_map(page: Page, url: str, swept: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{url}/sweep?study={swept}")
    expect(page.get_by_test_id("map")).to_be_visible(timeout=WARM)
    page.wait_for_timeout(1500)
    found = Axe().run(page).response["violations"]
    told = [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in found]
    assert not told, json.dumps(told, indent=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_can_be_read_on_every_colour_of_the_map(page: Page, url: str, swept: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{url}/sweep?study={swept}")
    page.get_by_test_id("cell-0").wait_for(timeout=WARM)
    page.wait_for_timeout(800)
    for index in range(6):
        cell = page.get_by_test_id(f"cell-{index}")
        ground = cell.locator(".map-cell").evaluate("node => getComputedStyle(node).fill")
        letters = cell.locator(".map-value").evaluate("node => getComputedStyle(node).fill")
        assert contrast(ground, letters) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG defines it."""
    low, high = sorted(luminance([int(part) / 255 for part in re.findall(r"\d+", text)]) for text in (one, other))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: list[float]) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
