"""Bars and curve under real hands in a real Chromium, with the invented data of component_gallery."""

import csv
import io
import itertools
import math
import re
from pathlib import Path

import pytest
from component_gallery import ALONE, DISTILLED, TEACHER
from conftest import Serve
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

GALLERY = Path(__file__).with_name("component_gallery.py")
ARMS = {"teacher": TEACHER, "distilled": DISTILLED, "alone": ALONE}


@pytest.fixture
def bars(page: Page, serve: Serve) -> Page:
    """The bars alone, drawn."""
    return open_gallery(page, serve, "only=bars")


@pytest.fixture
def curve(page: Page, serve: Serve) -> Page:
    """The curve alone, drawn."""
    return open_gallery(page, serve, "only=curve")


def open_gallery(page: Page, serve: Serve, query: str) -> Page:
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{serve(GALLERY)}/?{query}")
    page.get_by_test_id("curve" if "only=curve" in query else "bars").wait_for()
    return page


def softmax(logits: list[float], temperature: float) -> list[float]:
    exponents = [math.exp((value - max(logits)) / temperature) for value in logits]
    return [value / sum(exponents) for value in exponents]


def kl(teacher: list[float], student: list[float], temperature: float) -> float:
    pairs = zip(softmax(teacher, temperature), softmax(student, temperature), strict=True)
    return sum(p * math.log(p / q) for p, q in pairs)


def probabilities(page: Page, role: str) -> list[float]:
    return [float(page.get_by_test_id(f"bar-{role}-{i}").get_attribute("data-p") or "nan") for i in range(10)]


def type_temperature(page: Page, typed: str) -> None:
    box = page.get_by_test_id("view-temperature-box")
    box.fill(typed)
    box.press("Enter")


def press_down_on(page: Page, slider: Locator) -> tuple[float, float]:
    """Hold the slider's thumb at T = 1 and answer where the hand is."""
    edge = slider.bounding_box()
    assert edge is not None
    share = 200 * math.log(2) / math.log(200) / 216
    x, y = edge["x"] + 11 + share * (edge["width"] - 22), edge["y"] + edge["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y


def told(page: Page, words: str) -> None:
    expect(page.get_by_text(re.compile(r"^T="))).to_have_text(words)


def test_bars_show_the_softmax_of_the_logits(bars: Page) -> None:
    for role, logits in ARMS.items():
        assert probabilities(bars, role) == pytest.approx(softmax(logits, 1.0), rel=1e-6)
    assert probabilities(bars, "hard") == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]


def test_bars_repaint_while_the_hand_still_drags_and_python_hears_only_of_the_release(bars: Page) -> None:
    slider = bars.get_by_test_id("view-temperature")
    x, y = press_down_on(bars, slider)
    seen = set()
    for step in range(1, 11):
        bars.mouse.move(x + 40 * step, y)
        T = float(bars.get_by_test_id("view-temperature-box").input_value())
        assert probabilities(bars, "teacher") == pytest.approx(softmax(TEACHER, T), rel=1e-6)
        seen.add(T)
    assert len(seen) == 10
    told(bars, "T=1.0 axis=linear reports=0")
    bars.mouse.up()
    told(bars, f"T={max(seen)} axis=linear reports=1")


def test_a_drag_makes_no_new_nodes(bars: Page) -> None:
    bar = bars.get_by_test_id("bar-teacher-3").element_handle()
    x, y = press_down_on(bars, bars.get_by_test_id("view-temperature"))
    bars.mouse.move(x + 200, y)
    assert bar.evaluate("node => node.isConnected")
    bars.mouse.up()
    told(bars, f"T={bars.get_by_test_id('view-temperature-box').input_value()} axis=linear reports=1")
    assert bar.evaluate("node => node.isConnected"), "the rerun drew the chart anew"


def test_a_rerun_during_a_drag_does_not_fight_with_the_hand(bars: Page) -> None:
    x, y = press_down_on(bars, bars.get_by_test_id("view-temperature"))
    bars.mouse.move(x + 300, y)
    held = bars.get_by_test_id("view-temperature-box").input_value()
    bars.get_by_role("button", name="T = 4 from Python").evaluate("button => button.click()")
    expect(bars.get_by_text("wanted=4.0")).to_be_visible()
    expect(bars.get_by_test_id("view-temperature-box")).to_have_value(held)
    bars.mouse.up()
    told(bars, f"T={float(held)} axis=linear reports=1")
    expect(bars.get_by_test_id("view-temperature-box")).to_have_value(held)


def test_arrow_keys_move_the_temperature_and_cross_to_infinity(bars: Page) -> None:
    slider, box = bars.get_by_test_id("view-temperature"), bars.get_by_test_id("view-temperature-box")
    slider.press("ArrowRight")
    assert 1.0 < float(box.input_value()) < 1.05
    slider.press("ArrowLeft")
    expect(box).to_have_value("1")
    type_temperature(bars, "100")
    slider.press("ArrowRight")
    expect(box).to_have_value("∞")
    slider.press("ArrowLeft")
    expect(box).to_have_value("100")


def test_an_infinite_temperature_is_uniform(bars: Page) -> None:
    bars.get_by_test_id("view-temperature").press("End")
    for role in ARMS:
        assert probabilities(bars, role) == pytest.approx([0.1] * 10, abs=1e-12)
    expect(bars.get_by_test_id("entropy-teacher")).to_have_text(f"{math.log(10):.3f}")
    told(bars, "T=inf axis=linear reports=1")


@pytest.mark.parametrize(("typed", "temperature"), [("4", 4.0), ("2,5", 2.5), ("inf", math.inf), ("∞", math.inf)])
def test_a_typed_temperature_is_taken(bars: Page, typed: str, temperature: float) -> None:
    type_temperature(bars, typed)
    assert probabilities(bars, "teacher") == pytest.approx(softmax(TEACHER, temperature), rel=1e-6)
    told(bars, f"T={temperature} axis=linear reports=1")


@pytest.mark.parametrize("typed", ["soft", "", "0", "-3", "1e9", "NaN"])
def test_nonsense_is_refused_with_a_sentence_and_the_old_value_comes_back(bars: Page, typed: str) -> None:
    type_temperature(bars, typed)
    expect(bars.get_by_role("status").filter(has_text="0.5 to 100")).to_be_visible()
    expect(bars.get_by_test_id("view-temperature-box")).to_have_value("1")
    assert probabilities(bars, "teacher") == pytest.approx(softmax(TEACHER, 1.0), rel=1e-6)


def test_the_logarithmic_axis_shows_small_probabilities(bars: Page) -> None:
    small = bars.get_by_test_id("bar-teacher-4")
    before = float(small.get_attribute("height") or "nan")
    bars.get_by_test_id("axis-log").click()
    expect(bars.get_by_test_id("axis-log")).to_have_attribute("aria-pressed", "true")
    assert before < 1 < 10 < float(small.get_attribute("height") or "nan")
    assert probabilities(bars, "teacher") == pytest.approx(softmax(TEACHER, 1.0), rel=1e-6)
    told(bars, "T=1.0 axis=log reports=1")


def test_divergence_and_entropy_are_in_nats_and_follow_the_temperature(bars: Page) -> None:
    type_temperature(bars, "3")
    for role in ("distilled", "alone"):
        shown = float(bars.get_by_test_id(f"kl-{role}").get_attribute("data-value") or "nan")
        assert shown == pytest.approx(kl(TEACHER, ARMS[role], 3.0), rel=1e-6)
        entropy = float(bars.get_by_test_id(f"entropy-{role}").get_attribute("data-value") or "nan")
        assert entropy == pytest.approx(-sum(p * math.log(p) for p in softmax(ARMS[role], 3.0)), rel=1e-6)


def test_identical_logits_have_no_divergence(page: Page, serve: Serve) -> None:
    open_gallery(page, serve, "only=bars&four=1")
    for T in ("0.5", "1", "20", "inf"):
        type_temperature(page, T)
        expect(page.get_by_test_id("kl-variant")).to_have_text("0")


def test_a_temperature_set_by_python_moves_the_slider(bars: Page) -> None:
    bars.get_by_role("button", name="T = 4 from Python").click()
    expect(bars.get_by_test_id("view-temperature-box")).to_have_value("4")
    assert probabilities(bars, "teacher") == pytest.approx(softmax(TEACHER, 4.0), rel=1e-6)


def test_the_table_holds_the_same_probabilities(bars: Page) -> None:
    bars.get_by_text("View as table").click()
    first = bars.locator("table.rows tr").nth(4).locator("td")
    expect(first).to_have_count(len(ARMS))
    assert [float(cell) for cell in first.all_inner_texts()] == pytest.approx(
        [softmax(logits, 1.0)[3] for logits in ARMS.values()], abs=5e-5
    )


def test_a_hostile_class_name_stays_text(page: Page, serve: Serve) -> None:
    open_gallery(page, serve, "only=bars&evil=1")
    expect(page.get_by_test_id("bars")).to_contain_text("<img src=x onerror=")
    page.wait_for_timeout(300)
    assert page.title() == "Gallery"
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("query", ["only=bars&four=1", "only=bars&log=1", "only=bars&evil=1", "only=curve"])
def test_nothing_is_wider_than_a_phone(page: Page, serve: Serve, query: str) -> None:
    open_gallery(page, serve, query)
    page.set_viewport_size({"width": 390, "height": 844})
    chart = page.get_by_test_id("curve" if "curve" in query else "bars")
    page.wait_for_function("node => node.getBoundingClientRect().right <= 390", arg=chart.element_handle())
    component = chart.locator("xpath=ancestor::*[@class='kd']")
    assert component.evaluate("node => node.scrollWidth <= node.clientWidth && node.clientWidth <= 390")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def ticks(page: Page) -> list[str]:
    return page.get_by_test_id("curve").locator("g").first.locator("text[text-anchor=middle]").all_inner_texts()


def line(page: Page) -> str:
    return page.get_by_test_id("curve").locator("g[clip-path] path").nth(3).get_attribute("d") or ""


def drag_over(page: Page, start: float, end: float) -> None:
    edge = page.get_by_test_id("curve").bounding_box()
    assert edge is not None
    y = edge["y"] + edge["height"] / 2
    page.mouse.move(edge["x"] + start, y)
    page.mouse.down()
    page.mouse.move(edge["x"] + end, y, steps=4)
    page.mouse.up()


def test_a_zoom_and_the_crosshair_survive_new_points(curve: Page) -> None:
    before = ticks(curve)
    drag_over(curve, 150, 500)
    zoomed, drawn = ticks(curve), line(curve)
    assert zoomed != before
    node = curve.get_by_test_id("curve").element_handle()
    curve.get_by_test_id("curve").press("ArrowLeft")
    curve.get_by_test_id("curve").evaluate(
        "node => node.dispatchEvent(new PointerEvent('pointermove', {clientX: 400, clientY: 300}))"
    )
    tip = curve.get_by_test_id("curve-tip").inner_text()
    # Grown without moving the mouse, as a polling fragment would.
    curve.get_by_role("button", name="Five more epochs").evaluate("button => button.click()")
    expect(curve.get_by_text("29 / 60")).to_be_visible()
    assert ticks(curve) == zoomed
    assert line(curve) != drawn
    assert node.evaluate("node => node.isConnected")
    assert curve.get_by_test_id("curve-tip").inner_text() == tip
    curve.get_by_test_id("curve-reset").click()
    assert ticks(curve) == before


def test_the_keyboard_zooms_resets_and_reads_values(curve: Page) -> None:
    chart, before = curve.get_by_test_id("curve"), ticks(curve)
    chart.press("+")
    assert ticks(curve) != before
    chart.press("-")
    assert ticks(curve) == before
    chart.press("+")
    chart.press("0")
    assert ticks(curve) == before
    chart.press("ArrowRight")
    expect(curve.get_by_test_id("curve-tip")).to_contain_text("epoch 24")
    chart.press("ArrowLeft")
    expect(curve.get_by_test_id("curve-tip")).to_contain_text("epoch 23")
    chart.press("Escape")
    expect(curve.get_by_test_id("curve-tip")).to_be_hidden()


def test_the_wheel_zooms_a_chart_in_use_and_otherwise_scrolls_the_page(curve: Page) -> None:
    chart, before = curve.get_by_test_id("curve"), ticks(curve)
    chart.hover()
    curve.mouse.wheel(0, -400)
    curve.wait_for_timeout(100)
    assert ticks(curve) == before
    chart.click()
    curve.mouse.wheel(0, -400)
    expect(curve.get_by_test_id("curve-reset")).to_be_enabled()
    assert ticks(curve) != before


def test_end_labels_do_not_overlap(curve: Page) -> None:
    labels = curve.get_by_test_id("curve").locator("> g:not(.happened)").last.locator("text")
    boxes = [label.bounding_box() for label in labels.all()]
    tops = sorted(box["y"] for box in boxes if box)
    assert len(tops) == 3
    assert all(lower - upper >= 15 for upper, lower in itertools.pairwise(tops))


def test_the_csv_has_every_point(curve: Page) -> None:
    with curve.expect_download() as download:
        curve.get_by_test_id("curve-csv").click()
    assert download.value.suggested_filename == "curve.csv"
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert [row["series"] for row in rows].count("student alone") == 25
    assert len(rows) == 75
    assert all(float(row["low"]) <= float(row["y"]) <= float(row["high"]) for row in rows)


def test_the_png_is_a_picture_of_the_chart(curve: Page) -> None:
    with curve.expect_download() as download:
        curve.get_by_test_id("curve-png").click()
    picture = Path(download.value.path()).read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 20_000
    assert int.from_bytes(picture[16:20]) > 2000


def test_a_recording_is_replayed_once_and_at_once_for_reduced_motion(page: Page, serve: Serve) -> None:
    open_gallery(page, serve, "only=curve&replay=1")
    page.wait_for_timeout(700)
    partly = line(page)
    page.wait_for_timeout(2200)
    whole = line(page)
    assert 0 < len(partly) < len(whole)
    page.get_by_role("button", name="Five more epochs").click()
    expect(page.get_by_text("29 / 60")).to_be_visible()
    assert len(line(page)) > len(whole)
    page.emulate_media(reduced_motion="reduce")
    open_gallery(page, serve, "only=curve&replay=1")
    assert line(page) == whole
    expect(page.get_by_test_id("curve-replay")).to_be_hidden()


def test_a_curve_without_points_says_so_and_then_grows(page: Page, serve: Serve) -> None:
    errors: list[object] = []
    page.on("pageerror", lambda error: errors.append(error))
    open_gallery(page, serve, "only=curve&epochs=-1&replay=1")
    expect(page.get_by_text("No points yet")).to_be_visible()
    page.get_by_test_id("curve").press("ArrowRight")
    page.get_by_role("button", name="Five more epochs").click()
    expect(page.get_by_text("No points yet")).to_be_hidden()
    page.wait_for_timeout(2500)
    assert line(page).startswith("M")
    assert not errors


def test_the_chart_is_told_in_words(curve: Page) -> None:
    label = curve.get_by_test_id("curve").get_attribute("aria-label") or ""
    assert "student alone" in label and "epoch 24" in label
    curve.get_by_text("View as table").click()
    expect(curve.locator("details tr")).to_have_count(26)


def test_of_many_classes_the_twenty_most_probable_have_bars_until_all_are_asked_for(page: Page, serve: Serve) -> None:
    many = open_gallery(page, serve, "only=bars&many=1")
    drawn = many.locator('[data-testid^="bar-teacher-"]')
    # The ten digits, and by the teacher's logits the last ten of the others.
    assert [one.get_attribute("data-testid") for one in drawn.all()] == [
        f"bar-teacher-{place}" for place in [*range(10), *range(190, 200)]
    ]
    logits = [*TEACHER, *(-8 + 0.01 * place for place in range(190))]
    expect(many.get_by_test_id("bars-rest")).to_contain_text("20 of 200 classes")
    type_temperature(many, "100")
    without_bars = sum(softmax(logits, 100)[10:190])
    expect(many.get_by_test_id("bars-rest")).to_contain_text(f"have {without_bars:.2f} there")
    many.get_by_test_id("bars-all").click()
    expect(drawn).to_have_count(200)
    many.get_by_test_id("bars-all").click()
    expect(drawn).to_have_count(20)


def test_a_long_name_keeps_its_beginning_and_is_whole_under_the_hand(page: Page, serve: Serve) -> None:
    many = open_gallery(page, serve, "only=bars&many=1")
    label = many.get_by_test_id("bars").locator("text.hard")
    assert (label.text_content() or "").startswith("three three")
    assert label.locator("title").text_content() == "three " * 25
    edge, plot = label.bounding_box(), many.get_by_test_id("bars").bounding_box()
    assert edge is not None and plot is not None
    assert edge["x"] >= plot["x"]
