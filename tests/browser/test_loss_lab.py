"""The loss lab under a real hand: loss and arrows follow without the server, by pointer and by keyboard."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from kd_core.logit_losses import LossForm, loss_gradient, loss_terms
from pages.parts.loss_lab.triple import STUDENT, TEACHER
from pages.parts.recorded import recorded_logits
from tests.browser.conftest import ROOT, Serve
from tests.browser.race_page import WARM

pytestmark = pytest.mark.browser
TERMS: Final = ("labels", "teacher", "total")


@pytest.fixture(scope="module")
def url(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server on a store without a study."""
    home: Path = tmp_path_factory.mktemp("lab")
    return serve(ROOT / "app.py", KD_HOME=str(home))


@pytest.fixture
def lab(page: Page, url: str) -> Page:
    """The page in English with its two labs drawn, about test image 7."""
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.goto(f"{url}/loss_lab?language=en&sample=7&v=1")
    for name in ("loss_lab", "loss_triple"):
        page.get_by_test_id(f"{name}-chart").wait_for(timeout=WARM)
    return page


def gradients(page: Page, lab: str, term: str, classes: int) -> list[float]:
    """Return the gradient that a term's arrows show, by class."""
    arrows = (page.get_by_test_id(f"{lab}-push-{term}-{k}") for k in range(classes))
    return [float(arrow.get_attribute("data-gradient") or "nan") for arrow in arrows]


def expected(form: LossForm, teacher: list[float], student: list[float], label: int) -> dict[str, list[float]]:
    terms = loss_terms(form, np.array([teacher]), np.array([student]), np.array([label]))
    found = {name: term.gradient[0].tolist() for name, term in terms.items()}
    return {**found, "total": loss_gradient(terms)[0].tolist()}


def told_loss(page: Page, lab: str) -> str:
    return page.get_by_test_id(f"{lab}-weighted-total").inner_text()


def test_the_arrows_are_the_engines_gradients(lab: Page) -> None:
    recorded = recorded_logits()
    logits = [recorded.logits[arm][7].tolist() for arm in ("teacher", "distilled")]
    right = expected(LossForm(), *logits, int(recorded.labels[7]))
    for term in TERMS:
        assert gradients(lab, "loss_lab", term, 10) == pytest.approx(right[term], rel=1e-3, abs=1e-5)
    right = expected(LossForm(), list(TEACHER), list(STUDENT), 0)
    for term in TERMS:
        assert gradients(lab, "loss_triple", term, 3) == pytest.approx(right[term], rel=1e-9)


def test_a_dragged_logit_moves_loss_and_arrows_at_every_step_and_no_node_is_made(lab: Page) -> None:
    handle = lab.get_by_test_id("loss_triple-logit-student-0")
    handle.scroll_into_view_if_needed()
    arrow = lab.get_by_test_id("loss_triple-push-total-0").element_handle()
    edge = handle.bounding_box()
    assert edge is not None
    x, y = edge["x"] + edge["width"] / 2, edge["y"] + edge["height"] / 2
    lab.mouse.move(x, y)
    lab.mouse.down()
    seen = set()
    for step in range(1, 9):
        lab.mouse.move(x + 8 * step, y)
        moved = float(handle.get_attribute("aria-valuenow") or "nan")
        right = expected(LossForm(), list(TEACHER), [moved, *STUDENT[1:]], 0)
        for term in TERMS:
            assert gradients(lab, "loss_triple", term, 3) == pytest.approx(right[term], rel=1e-9)
        seen.add(told_loss(lab, "loss_triple"))
    lab.mouse.up()
    assert len(seen) == 8
    assert arrow.evaluate("node => node.isConnected")


def test_the_keyboard_moves_logits_and_temperature(lab: Page) -> None:
    handle = lab.get_by_test_id("loss_triple-logit-teacher-1")
    handle.focus()
    for key, value in (("ArrowRight", "3.1"), ("PageDown", "2.1"), ("Home", "-10"), ("End", "10")):
        lab.keyboard.press(key)
        expect(handle).to_have_attribute("aria-valuenow", value)
    slider = lab.get_by_test_id("loss_triple-temperature")
    before = told_loss(lab, "loss_triple")
    slider.press("ArrowRight")
    assert told_loss(lab, "loss_triple") != before


def test_a_step_lowers_the_loss_and_the_logits_come_back(lab: Page) -> None:
    first = told_loss(lab, "loss_triple")
    lab.get_by_test_id("loss_triple-step").click()
    assert float(told_loss(lab, "loss_triple")) < float(first)
    lab.get_by_test_id("loss_triple-again").click()
    assert told_loss(lab, "loss_triple") == first


def test_played_to_its_end_the_teachers_term_alone_makes_the_student_agree(lab: Page) -> None:
    lab.emulate_media(reduced_motion="reduce")
    lab.get_by_test_id("loss_triple-alpha").press("End")  # the teacher's weight is 1
    for _ in range(8):
        lab.get_by_test_id("loss_triple-play").click()
    for k in range(3):
        teacher, student = (lab.get_by_test_id(f"loss_triple-p-{who}-{k}") for who in ("teacher", "student"))
        shares = [float(bar.get_attribute("data-p") or "nan") for bar in (teacher, student)]
        assert shares[0] == pytest.approx(shares[1], abs=0.01)


def test_the_traps_are_told_and_a_switch_reaches_formula_charts_and_link(lab: Page) -> None:
    lab.get_by_test_id("loss_lab-mean").check()
    expect(lab.get_by_test_id("loss_lab-message")).to_contain_text(
        "KLDivLoss() by default averages over the 10 classes"
    )
    lab.get_by_test_id("loss_lab-t2").uncheck()
    expect(lab.get_by_test_id("loss_lab-message")).to_contain_text("16 times smaller")
    expect(lab).to_have_url(re.compile("loss=.*scale_by_t2.*mean_over_classes"))
    expect(lab.get_by_test_id("loss_lab-factor-teacher")).to_have_text("0.09")
    lab.get_by_test_id("loss_lab-reset").click()
    expect(lab).not_to_have_url(re.compile("loss="))
    expect(lab.get_by_test_id("loss_lab-factor-teacher")).to_have_text("14.4")


def test_the_other_convention_keeps_the_loss_and_turns_alpha_round(lab: Page) -> None:
    loss = told_loss(lab, "loss_lab")
    lab.get_by_test_id("loss_lab-weights").select_option("labels")
    expect(lab.get_by_test_id("loss_lab-alpha")).to_have_value("0.1")
    assert told_loss(lab, "loss_lab") == loss
    expect(lab.get_by_test_id("loss_lab-message")).to_contain_text("written α = 0.9")
    lab.get_by_test_id("loss_lab-weights").select_option("both")
    expect(lab.get_by_test_id("loss_lab-label-weight")).to_be_visible()
    assert told_loss(lab, "loss_lab") == loss


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing_in_the_lab_of_a_changed_loss(page: Page, url: str, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{url}/loss_lab?language=zh&loss=divergence:jensen_shannon,mean_over_classes:true,label_weight:0.5&v=1")
    page.get_by_test_id("loss_triple-chart").wait_for(timeout=WARM)
    expect(page.get_by_test_id("loss_lab-mixture")).to_be_visible()
    page.wait_for_timeout(1000)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    violations = Axe().run(page).response["violations"]
    told = [(rule["id"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in violations]
    assert not told, json.dumps(told, indent=1)
