"""Draw your own under real hands: mouse, keyboard, a picture, a phone; and what travels to the browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ROOT, Serve
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from kd_core.experiments import run_study
from kd_core.inference import logits_of_image
from kd_core.recipe import Study
from kd_core.store import Store
from pages.parts.recorded import recorded_logits
from tests.small_studies import DATA, recipe

pytestmark = pytest.mark.browser

WARM = 60_000
THREE = [(0.3, 0.2), (0.5, 0.12), (0.7, 0.25), (0.5, 0.45), (0.7, 0.65), (0.55, 0.85), (0.3, 0.8)]
ROLES = ("teacher", "alone", "distilled")


@pytest.fixture
def url(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server with an empty store: the recorded race is what there is."""
    if not hasattr(serve, "drawing_home"):
        serve.drawing_home = str(tmp_path_factory.mktemp("home"))  # type: ignore[attr-defined]
    return serve(ROOT / "app.py", KD_HOME=serve.drawing_home)  # type: ignore[attr-defined]


def opened(page: Page, url: str, query: str = "v=1&subject=drawing") -> Locator:
    """Open the page with its pad."""
    page.goto(f"{url}/soft_labels?{query}")
    pad = page.get_by_test_id("pad")
    pad.wait_for(timeout=WARM)
    pad.scroll_into_view_if_needed()
    return pad


def draw(page: Page, pad: Locator, points: list[tuple[float, float]]) -> None:
    """Lead the mouse over the pad along points given as shares of its side; the button stays down."""
    edge = pad.bounding_box()
    assert edge is not None
    places = [(edge["x"] + x * edge["width"], edge["y"] + y * edge["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)


def probabilities(page: Page, role: str) -> list[float]:
    return [float(page.get_by_test_id(f"bar-{role}-{k}").get_attribute("data-p") or "nan") for k in range(10)]


def prepared(page: Page) -> np.ndarray:
    """The small image that the networks see, as its canvas has it."""
    canvas = page.get_by_test_id("pad-prepared")
    pixels = canvas.evaluate(
        "node => Array.from(node.getContext('2d').getImageData(0, 0, node.width, node.height).data)"
    )
    return np.array(pixels, np.uint8).reshape(8, 8, 4)[..., 0]


def test_bars_change_with_every_stroke_while_the_hand_still_draws(page: Page, url: str) -> None:
    pad = opened(page, url)
    expect(page.get_by_test_id("bars")).to_be_hidden()
    draw(page, pad, THREE[:3])
    expect(page.get_by_test_id("bar-teacher-3")).to_be_visible()
    before = {role: probabilities(page, role) for role in ROLES}
    edge = pad.bounding_box()
    assert edge is not None
    for x, y in THREE[3:]:
        page.mouse.move(edge["x"] + x * edge["width"], edge["y"] + y * edge["height"], steps=4)
    page.wait_for_timeout(100)
    after = {role: probabilities(page, role) for role in ROLES}
    assert all(before[role] != after[role] for role in ROLES)
    page.mouse.up()
    for role in ROLES:
        assert sum(after[role]) == pytest.approx(1, abs=1e-6)
    expect(page.get_by_test_id("pad-answer")).to_contain_text("Teacher: “3”")


def test_undo_takes_back_one_stroke_and_clear_all_of_them(page: Page, url: str) -> None:
    pad = opened(page, url)
    draw(page, pad, THREE[:4])
    page.mouse.up()
    first = prepared(page)
    draw(page, pad, THREE[4:])
    page.mouse.up()
    page.wait_for_timeout(100)
    assert (prepared(page) != first).any()
    page.get_by_test_id("pad-undo").click()
    assert (prepared(page) == first).all()
    page.get_by_test_id("pad-clear").click()
    assert not prepared(page).any()
    expect(page.get_by_test_id("bars")).to_be_hidden()
    page.get_by_test_id("pad-undo").click()
    assert (prepared(page) == first).all()


def test_a_drawing_that_starts_from_a_test_image_is_that_image_and_gives_its_bars(page: Page, url: str) -> None:
    stored = recorded_logits()
    opened(page, url, "v=1&subject=drawing&sample=7&T=1")
    page.get_by_test_id("pad-start").click()
    assert (prepared(page) == stored.images[7, 0]).all()
    for role in ROLES:
        logits = stored.logits[role][7].astype(float)
        expected = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        assert probabilities(page, role) == pytest.approx(expected.tolist(), abs=0.01)


def test_the_keyboard_draws_cell_by_cell(page: Page, url: str) -> None:
    pad = opened(page, url)
    pad.focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft", "Space", "ArrowDown", "Space", "ArrowDown", "Space"):
        page.keyboard.press(key)
    expect(page.get_by_text("Row 5, column 4: filled")).to_be_attached()
    expect(page.get_by_test_id("bar-teacher-1")).to_be_visible()
    drawn = prepared(page)
    page.keyboard.press("Space")
    expect(page.get_by_text("Row 5, column 4: empty")).to_be_attached()
    page.keyboard.press("Control+z")
    assert (prepared(page) == drawn).all()
    for _ in range(9):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_text("Row 8, column 4")).to_be_attached()


def test_the_view_temperature_softens_the_bars_of_a_drawing(page: Page, url: str) -> None:
    pad = opened(page, url)
    draw(page, pad, THREE)
    page.mouse.up()
    sharp = max(probabilities(page, "teacher"))
    page.get_by_test_id("view-temperature").press("End")
    assert probabilities(page, "teacher") == pytest.approx([0.1] * 10)
    assert sharp > 0.2
    expect(page).to_have_url(re.compile("T=inf"))
    # The rerun that the release brings leaves the drawing alone.
    page.wait_for_timeout(1500)
    assert prepared(page).any()
    assert probabilities(page, "teacher") == pytest.approx([0.1] * 10)


def test_a_picture_is_taken_and_one_that_is_none_is_refused(page: Page, url: str, tmp_path: Path) -> None:
    pixels = np.full((200, 160), 255, np.uint8)
    pixels[40:160, 70:90] = 20
    Image.fromarray(pixels).save(tmp_path / "one.png")
    (tmp_path / "none.png").write_bytes(b"no picture")
    opened(page, url)
    page.get_by_role("button", name="Use a picture").click()
    page.locator("input[type=file]").set_input_files(tmp_path / "none.png")
    expect(page.get_by_text("no PNG or JPEG that can be read")).to_be_visible(timeout=WARM)
    page.locator("input[type=file]").set_input_files(tmp_path / "one.png")
    expect(page.get_by_test_id("bar-teacher-1")).to_be_attached(timeout=WARM)
    # 120 x 20 is scaled by .27 down and by twice that across: columns 11 to 21 of 32, in blocks 2 to 5.
    assert np.flatnonzero(prepared(page).any(0)).tolist() == [2, 3, 4, 5]


def test_weights_travel_once(page: Page, url: str) -> None:
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
    pad = opened(page, url)
    draw(page, pad, THREE)
    page.mouse.up()
    page.wait_for_timeout(1500)
    before = len(received)
    largest = max(received)
    page.get_by_test_id("view-temperature").press("End")
    page.wait_for_timeout(3000)
    assert largest > 4 * 85_002, "the teacher's weights alone"
    assert len(received) > before
    assert max(received[before:]) < 100_000
    assert probabilities(page, "teacher") == pytest.approx([0.1] * 10)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_of(page: Page, url: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    pad = opened(page, url)
    draw(page, pad, THREE)
    page.mouse.up()
    page.wait_for_timeout(2000)
    found = Axe().run(page).response["violations"]
    told = [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in found]
    assert not told, json.dumps(told, indent=1)


def test_on_a_phone_nothing_is_wider_than_the_window_and_sheet_and_answer_are_in_sight_together(
    page: Page, url: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    pad = opened(page, url)
    draw(page, pad, THREE)
    page.mouse.up()
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sheet, bars = pad.bounding_box(), page.get_by_test_id("bar-teacher-3").bounding_box()
    assert sheet is not None and bars is not None
    assert bars["y"] - sheet["y"] < 700


def test_a_finger_draws_as_a_mouse_does(page: Page, url: str) -> None:
    pad = opened(page, url)
    pad.evaluate(
        """node => {
          const box = node.getBoundingClientRect();
          const at = (type, x, y) => node.dispatchEvent(new PointerEvent(type, { pointerId: 7, pointerType: "touch",
            button: 0, bubbles: true, clientX: box.left + x * box.width, clientY: box.top + y * box.height }));
          at("pointerdown", 0.5, 0.1);
          for (let y = 0.1; y < 0.9; y += 0.05) at("pointermove", 0.5, y);
          at("pointerup", 0.5, 0.9);
        }"""
    )
    expect(page.get_by_test_id("bar-teacher-1")).to_be_attached()
    assert prepared(page)[:, 3:5].any()


def test_a_pressed_look_alike_is_what_can_be_drawn_on(page: Page, url: str) -> None:
    opened(page, url, "v=1&subject=drawing&sample=7")
    stored = recorded_logits()
    label = int(stored.labels[7])
    like = (label + 1) % 10
    page.get_by_test_id(f"tile-look-alike-{like}").click()
    expect(page).not_to_have_url(re.compile("sample=7(&|$)"))
    sample = int(re.search(r"sample=(\d+)", page.url).group(1))  # type: ignore[union-attr]
    assert stored.labels[sample] == label
    page.wait_for_timeout(1500)
    page.get_by_test_id("pad-start").click()
    assert (prepared(page) == stored.images[sample, 0]).all()


def test_networks_that_are_no_plain_row_of_layers_are_answered_by_the_server(
    page: Page, serve: Serve, tmp_path: Path
) -> None:
    """Students that see sums of rows and columns: the browser does not know their first layer."""
    store = Store(tmp_path)
    seen_otherwise = recipe(protocol={"name": "cross_modal"})
    study = store.studies.add(Study.race(seen_otherwise), status="running")
    run_study(store, study, data_root=DATA)
    runs = {member.arm: str(member.run) for member in store.studies.members(study)}
    pad = opened(page, serve(ROOT / "app.py", KD_HOME=str(tmp_path)), f"v=1&subject=drawing&study={study}&T=1")
    expect(page.get_by_text("Answered by the server after each stroke")).to_be_visible()
    draw(page, pad, THREE)
    page.wait_for_timeout(100)
    assert page.get_by_test_id("bar-teacher-3").count() == 1
    assert page.get_by_test_id("bar-alone-3").count() == 0
    page.mouse.up()
    expect(page.get_by_test_id("bar-distilled-3")).to_be_attached(timeout=WARM)
    for arm in ROLES:
        logits = np.array(logits_of_image(store, runs[arm], prepared(page)[None]))
        expected = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        assert probabilities(page, arm) == pytest.approx(expected.tolist(), abs=1e-4)
    store.close()
