"""Pausing a race in a real Chromium, and going on from mid-run with another temperature."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from kd_core import jobs
from kd_core.store import Store
from tests.browser.conftest import ROOT, Serve
from tests.browser.race_page import WARM, start_button, stop_button, study_in
from tests.small_studies import eventually

pytestmark = pytest.mark.browser
LONG = "optim.epochs=2000&teacher.optim.epochs=2&seeds=1"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    store = Store(tmp_path)
    for study in store.studies.list(status=("queued", "running")):
        store.studies.ask_stop(study.id)
    store.close()


@pytest.mark.parametrize(("width", "language"), [(1280, "en"), (390, "zh")])
def test_a_race_goes_on_from_mid_run_with_another_temperature_and_its_curve_has_the_mark(
    page: Page, serve: Serve, home: Path, width: int, language: str
) -> None:
    page.set_viewport_size({"width": width, "height": 720})
    page.goto(f"{serve(ROOT / 'app.py', KD_HOME=str(home))}/?{LONG}&language={language}")
    start_button(page).click(timeout=WARM)
    stop_button(page).wait_for(timeout=WARM)
    parent, store = study_in(page), Store(home)
    eventually(lambda: jobs.epoch_reached(store, parent) > 2)

    temperature = page.locator('[class*="st-key-set-method-temperature"] input[type=range]')
    temperature.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    go_on = page.locator(".st-key-race_fork").get_by_role("button")
    expect(go_on).to_be_enabled(timeout=WARM)
    go_on.press("Enter")
    expect(page).not_to_have_url(re.compile(f"study={parent}"), timeout=WARM)

    child = store.studies.get(study_in(page))
    student = child.spec["members"][-1]["recipe"]
    fork, moved = student["fork"], f"T 4 → {student['method']['temperature']:g}"
    assert student["method"]["temperature"] > 4
    assert store.studies.get(parent).status == "forked"
    curve = page.get_by_test_id("curve")
    expect(curve.locator(".happened text")).to_have_text(moved, timeout=WARM)
    expect(curve).to_have_attribute("aria-label", re.compile(f" {fork['epoch']}[:：] ?{moved}"))
    expect(page.locator(".st-key-race_verdict")).to_contain_text(re.compile(rf"#1.* {fork['epoch']}.*{moved}"))
    assert int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth")) <= 0

    eventually(lambda: jobs.epoch_reached(store, child.id) > fork["epoch"])
    page.locator(".st-key-race_pause").get_by_role("button").click()
    resume = page.locator(".st-key-race_resume").get_by_role("button")
    expect(resume).to_be_visible(timeout=WARM)
    row = store.studies.get(child.id)
    reached = min(run.epoch for run in store.studies.runs_of(child.id).values() if run.status == "paused")
    assert row.status == "paused" and reached >= fork["epoch"]
    expect(page.get_by_test_id("stAlertContainer").first).to_contain_text(str(reached))
    violations = Axe().run(page).response["violations"]
    assert not violations, [(one["id"], one["nodes"][0]["html"][:200]) for one in violations]
    resume.click()
    expect(stop_button(page)).to_be_visible(timeout=WARM)
    stop_button(page).click()
    expect(resume).to_be_visible(timeout=WARM)
    assert store.studies.get(child.id).status == "stopped"
    store.close()
