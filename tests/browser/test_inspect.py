"""The Inspect page in a real Chromium: one selection and one epoch for all views, by hand and by keyboard."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from kd_core.results.inspection import answers_of, confusion, groups_of, logits_after, sides_of
from kd_core.results.stored_logits import load_study_logits
from kd_core.store import Store
from tests.browser.conftest import ROOT, Serve
from tests.browser.race_page import WARM
from tests.pages.conftest import TrainedHome, train_tiny_race

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedHome:
    home = tmp_path_factory.mktemp("inspect")
    return TrainedHome(home, train_tiny_race(home, optim__epochs=12, teacher__optim__epochs=6))


@pytest.fixture
def url(serve: Serve, trained: TrainedHome) -> str:
    return f"{serve(ROOT / 'app.py', KD_HOME=str(trained.home))}/inspect?language=en&study={trained.study}"


def opened(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_test_id("view-groups")).to_be_visible(timeout=WARM)
    expect(page.get_by_test_id("selection")).not_to_have_text("")


class Engine:
    """What the engine says of teacher and distilled student of the first seed after an epoch."""

    def __init__(self, trained: TrainedHome, epoch: int | None) -> None:
        store = Store(trained.home)
        split = load_study_logits(store, trained.study)
        assert split is not None
        sides = {(side.arm, side.seed): side for side in sides_of(store, trained.study)}
        said = [logits_after(store, sides[arm, 0], epoch) for arm in ("teacher", "distilled")]
        assert said[0] is not None and said[1] is not None
        self.labels = split.labels
        self.a, self.b = answers_of(said[0]), answers_of(said[1])
        self.groups = groups_of(self.a, self.b, self.labels)
        self.confusion = confusion(self.b, self.labels, 10)
        store.close()

    def worst(self) -> tuple[int, int]:
        """Return label and answer of the student's most frequent error."""
        errors = self.confusion - np.diag(self.confusion.diagonal())
        row, column = np.unravel_index(errors.argmax(), errors.shape)
        return int(row), int(column)


def counts(page: Page, pick: str) -> str:
    return page.get_by_test_id(f"pick-{pick}").locator("[data-count]").last.get_attribute("data-count") or ""


def selected(page: Page) -> int:
    found = re.match(r"(\d+) of", page.get_by_test_id("selection").inner_text())
    return int(found.group(1)) if found else 0


def test_a_cell_selects_its_images_and_everything_follows(page: Page, url: str, trained: TrainedHome) -> None:
    opened(page, url)
    engine = Engine(trained, None)
    label, answer = engine.worst()
    inside = (engine.labels == label) & (engine.b.chosen == answer)
    page.get_by_test_id(f"pick-cell:B:{label}:{answer}").click()
    expect(page.get_by_test_id("selection")).to_contain_text(f"{inside.sum()} of 600 images selected")
    expect(page.get_by_test_id("tiles").get_by_role("button")).to_have_count(min(24, int(inside.sum())))
    for index in np.flatnonzero(inside)[:3]:
        expect(page.get_by_test_id(f"tile-{index}")).to_be_visible()
    for place, name in enumerate(("both", "only_a", "only_b", "copied", "apart")):
        assert counts(page, f"group:{name}") == str(((engine.groups == place) & inside).sum())
    for told in range(10):
        both = inside & (engine.a.chosen == told)
        assert counts(page, f"cell:A:{label}:{told}") == str(both.sum())
    row = page.get_by_test_id(f"pick-class:{label}")
    expect(row).to_have_attribute("data-selected", str(inside.sum()))
    expect(page).to_have_url(re.compile(f"pick=cell%3AB%3A{label}%3A{answer}"))
    page.get_by_test_id("clear-selection").click()
    expect(page.get_by_test_id("selection")).to_contain_text("Nothing selected")
    expect(page).not_to_have_url(re.compile("pick="))


def test_a_link_brings_back_selection_and_epoch(page: Page, url: str, trained: TrainedHome) -> None:
    opened(page, f"{url}&pick=group:only_a&epoch=3")
    engine = Engine(trained, 2)
    expect(page.get_by_test_id("epoch-name")).to_have_text("3")
    assert selected(page) == (engine.groups == 1).sum()
    expect(page.get_by_test_id("pick-group:only_a")).to_have_attribute("aria-selected", "true")


def test_a_scrubbed_epoch_moves_every_view_and_a_kept_selection_stays(
    page: Page, url: str, trained: TrainedHome
) -> None:
    opened(page, url)
    page.get_by_test_id("pick-group:only_a").click()
    page.get_by_test_id("hold-selection").click()
    kept = selected(page)
    slider = page.get_by_test_id("epoch-slider")
    slider.focus()
    slider.press("Home")
    expect(page.get_by_test_id("epoch-name")).to_have_text("1")
    engine, before = Engine(trained, 0), Engine(trained, None)
    held = before.groups == 1
    assert selected(page) == kept == held.sum()
    for place, name in enumerate(("both", "only_a", "only_b", "copied", "apart")):
        assert counts(page, f"group:{name}") == str(((engine.groups == place) & held).sum())
    expect(page).to_have_url(re.compile("epoch=1(&|$)"))
    page.reload()
    expect(page.get_by_test_id("epoch-name")).to_have_text("1", timeout=WARM)
    assert selected(page) == kept


def test_play_goes_through_the_epochs_and_pause_keeps_one_in_the_link(page: Page, url: str) -> None:
    opened(page, f"{url}&epoch=1")
    page.get_by_test_id("epoch-play").click()
    expect(page.get_by_test_id("epoch-name")).to_have_text("3", timeout=10_000)
    page.get_by_test_id("epoch-play").click()
    expect(page).to_have_url(re.compile(r"epoch=[3-9]"))
    page.get_by_test_id("epoch-play").click()
    expect(page.get_by_test_id("epoch-name")).to_have_text("result", timeout=20_000)
    expect(page).not_to_have_url(re.compile("epoch="))


def test_the_keyboard_selects_in_every_chart(page: Page, url: str) -> None:
    opened(page, url)
    for name in ("groups", "confusion-a", "confusion-b", "difference", "classes", "entropy", "reliability-a"):
        box = page.get_by_test_id(f"chart-{name}").get_by_role("listbox")
        box.focus()
        active = box.get_attribute("aria-activedescendant")
        box.press("ArrowDown")
        box.press("ArrowRight")
        assert box.get_attribute("aria-activedescendant") != active
        box.press("Enter")
        chosen = page.locator(f"[id='{box.get_attribute('aria-activedescendant')}']")
        expect(chosen).to_have_attribute("aria-selected", "true")
    cloud = page.get_by_test_id("embedding")
    cloud.focus()
    cloud.press("ArrowRight")
    expect(page.get_by_test_id("embedding-point")).to_contain_text("Image ")
    cloud.press("Enter")
    assert selected(page) == 1
    cloud.press("+")
    cloud.press("+")
    assert selected(page) == 4


def test_a_lasso_selects_the_points_inside(page: Page, url: str) -> None:
    opened(page, url)
    cloud = page.get_by_test_id("embedding")
    cloud.scroll_into_view_if_needed()
    area = cloud.bounding_box()
    assert area is not None
    corners = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.02)]
    page.mouse.move(area["x"] + 3, area["y"] + 3)
    page.mouse.down()
    for across, down in corners:
        page.mouse.move(area["x"] + across * area["width"], area["y"] + down * area["height"], steps=3)
    page.mouse.up()
    assert selected(page) == 600
    expect(page).to_have_url(re.compile("pick=images%3A0-599"))


def test_last_features_are_offered_when_the_engine_is_there(page: Page, url: str) -> None:
    opened(page, url)
    expect(page.get_by_test_id("source-3")).to_have_text("Student with teacher: last features", timeout=WARM)
    page.get_by_test_id("source-3").click()
    expect(page.get_by_test_id("view-embedding")).to_contain_text("these points stay where they are")


def test_selected_images_and_a_view_can_be_taken_along(page: Page, url: str, trained: TrainedHome) -> None:
    opened(page, f"{url}&pick=group:copied")
    engine = Engine(trained, None)
    with page.expect_download() as sent:
        page.get_by_test_id("selection-csv").click()
    head, *rows = Path(sent.value.path()).read_text("utf-8-sig").splitlines()
    assert head.startswith("image,label,a_answer,a_confidence")
    assert [int(row.split(",")[0]) for row in rows] == np.flatnonzero(engine.groups == 3).tolist()
    with page.expect_download() as picture:
        page.get_by_test_id("png-confusion-a").click()
    assert Path(picture.value.path()).read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as table:
        page.get_by_test_id("csv-groups").click()
    assert "Both wrong, same answer" in Path(table.value.path()).read_text("utf-8-sig")
    with page.expect_download() as all_numbers:
        page.locator(".st-key-inspect_json button").click()
    numbers = json.loads(Path(all_numbers.value.path()).read_text("utf-8"))
    assert numbers["groups"]["copied"] == (engine.groups == 3).sum()


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_is_wider_than_the_window_with_a_selection(page: Page, url: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 720})
    opened(page, f"{url}&pick=group:only_a")
    page.locator("summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    room = page.get_by_test_id("chart-confusion-a").bounding_box()
    assert room is not None and room["x"] + room["width"] <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_of_with_a_selection(page: Page, url: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    opened(page, f"{url}&pick=group:only_a&epoch=4")
    page.locator("summary").first.click()
    page.wait_for_timeout(1500)
    found = Axe().run(page).response["violations"]
    told = [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in found]
    assert not told, json.dumps(told, indent=1)


def test_bars_and_cursor_of_a_race_follow_the_film(page: Page, serve: Serve, trained: TrainedHome) -> None:
    root = serve(ROOT / "app.py", KD_HOME=str(trained.home))
    page.goto(f"{root}/?language=en&study={trained.study}&epoch=1")
    bar, marker = page.get_by_test_id("bar-distilled-0"), page.locator(".st-key-race_curve path.marker")
    expect(page.get_by_test_id("epoch-name")).to_have_text("1", timeout=WARM)
    before, line = bar.get_attribute("data-p"), marker.get_attribute("d")
    page.get_by_test_id("epoch-play").click()
    expect(page.get_by_test_id("epoch-name")).to_have_text("4", timeout=10_000)
    assert bar.get_attribute("data-p") != before and marker.get_attribute("d") != line
    assert "epoch=1" in page.url, "Python hears of it at the end"
    page.get_by_test_id("epoch-play").click()
    expect(page).not_to_have_url(re.compile(r"epoch=1(&|$)"))
